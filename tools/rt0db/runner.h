// Lets a process run until it stops for a reason that somebody named: breakpoints and watches of the user's,
// and places of a command's own, each with a condition.
#pragma once
#include <functional>
#include <set>
#include <vector>

#include "tools/rt0db/breakpoints.h"
#include "tools/rt0db/debuggee.h"

namespace rt0db {

struct stop {
  enum class kind { breakpoint, place, watch, error, debug_call, interrupted, overdue, ended };
  kind why = kind::ended;
  pid_t tid = 0;
  std::uint64_t goid = 0;
  int number = 0;         // breakpoint, watch; error: the signal
  std::size_t index = 0;  // place: which
  std::uintptr_t pc = 0;  // the file's
  std::string what{};     // watch: what it does
};

// Where a command wants a thread to stop that fulfils a condition.
struct waypoint {
  std::set<std::uintptr_t> at;  // the file's addresses
  std::function<bool(pid_t tid, const on_thread& there)> when;
};

class runner {
 public:
  runner(debuggee& target, breakpoints& all) : target_(target), breakpoints_(all) {}

  // The runtime's places of calls (debug_call.h), which stop nobody who does not wait for them.
  using places = std::function<bool(std::uintptr_t pc)>;
  places debug_calls = [](std::uintptr_t) { return false; };

  // wanted: of calls, if the caller waits for them. Throws ending.
  stop run(const std::vector<waypoint>& own, int timeout_ms = -1, const places& wanted = {});
  // The user's breakpoint of the goroutine at pc, which came there by a step.
  breakpoint* hit(std::uintptr_t pc, std::uint64_t goid) { return breakpoints_.hit(pc, goid); }
  debuggee& target() { return target_; }

 private:
  bool judge(stop& s, const std::vector<waypoint>& own, const std::vector<waypoint>& watched,
             const std::vector<int>& numbers, const std::vector<std::string>& whats);
  std::vector<waypoint> watches(std::vector<int>& numbers, std::vector<std::string>& whats);

  debuggee& target_;
  breakpoints& breakpoints_;
};

// The goroutine is at one of these addresses, with this stack pointer if it is not 0.
waypoint arrives(debuggee& target, std::uint64_t goid, std::set<std::uintptr_t> at, std::uintptr_t sp = 0);

}  // namespace rt0db
