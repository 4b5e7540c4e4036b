#include "tools/rt0db/runner.h"

#include <algorithm>

#include "tools/rt0db/failure.h"

namespace rt0db {
namespace {

// The runtime's function that is called with the goroutine that goes to wait, or that ends; empty: the
// program is stripped.
std::set<std::uintptr_t> core_function(debuggee& target, const char* name) {
  try {
    const auto found = target.code().find(name, "");
    return {found.begin(), found.end()};
  } catch (const failure&) {
    return {};
  }
}

// A first argument that is this goroutine.
waypoint called_with(debuggee& target, const char* function, std::uint64_t goid, std::uintptr_t g) {
  return {core_function(target, function), [&target, goid, g](pid_t tid, const on_thread&) {
            user_regs_struct regs{};
            std::uint64_t found = 0;
            return target.process().registers(tid, &regs) && regs.rdi == g &&
                   target.process().read(g + offsetof(rt0::g, goid), &found) && found == goid;
          }};
}

// Of what is a reason to stop for everybody.
std::optional<stop::kind> kind_of(traced_process::reason why) {
  switch (why) {
    case traced_process::reason::ended: return stop::kind::ended;
    case traced_process::reason::interrupted: return stop::kind::interrupted;
    case traced_process::reason::overdue: return stop::kind::overdue;
    default: return std::nullopt;
  }
}

}  // namespace

waypoint arrives(debuggee& target, std::uint64_t goid, std::set<std::uintptr_t> at, std::uintptr_t sp) {
  return {std::move(at), [&target, goid, sp](pid_t tid, const on_thread& there) {
            user_regs_struct regs{};
            return there.goid == goid &&
                   (sp == 0 || (target.process().registers(tid, &regs) && regs.rsp == sp));
          }};
}

// What a watched goroutine may do next, by what it does now.
std::vector<waypoint> runner::watches(std::vector<int>& numbers, std::vector<std::string>& whats) {
  std::vector<waypoint> all;
  const auto add = [&](int number, const char* what, waypoint w) {
    numbers.push_back(number);
    whats.push_back(what);
    all.push_back(std::move(w));
  };
  for (const breakpoint& b : breakpoints_.all()) {
    const goroutine* one = b.addresses.empty() ? target_.find(b.goid) : nullptr;
    if (one == nullptr) continue;
    const std::uintptr_t g = one->address;
    add(b.number, "ends", called_with(target_, "commit_exit", b.goid, g));
    if (one->g().sched.sp == 0) {
      add(b.number, "waits", called_with(target_, "commit_park", b.goid, g));
      continue;
    }
    const std::vector<stack_frame> frames = target_.frames(b.goid, true);
    const auto own = std::find_if(frames.begin(), frames.end(), [](const stack_frame& f) { return !f.core; });
    if (own != frames.end()) add(b.number, "runs", arrives(target_, b.goid, {own->address}));
  }
  return all;
}

stop runner::run(const std::vector<waypoint>& own, int timeout_ms, const places& wanted) {
  std::vector<int> numbers;
  std::vector<std::string> whats;
  const std::vector<waypoint> watched = watches(numbers, whats);
  std::set<std::uintptr_t> traps;
  const std::uintptr_t bias = target_.bias();
  for (const std::uintptr_t at : breakpoints_.addresses()) traps.insert(at + bias);
  for (const auto* some : {&own, &watched}) {
    for (const waypoint& w : *some) {
      for (const std::uintptr_t at : w.at) traps.insert(at + bias);
    }
  }
  target_.moved();
  for (;;) {
    const traced_process::event event = target_.process().run(traps, timeout_ms);
    stop s{.tid = event.tid, .pc = event.pc - bias};
    if (event.why == traced_process::reason::trap) {
      s.goid = target_.goroutine_on(event.tid).goid;
      if (judge(s, own, watched, numbers, whats)) return s;
    } else if (event.why == traced_process::reason::error) {
      s.why = stop::kind::error;
      s.goid = target_.goroutine_on(event.tid).goid;
      s.number = event.signal;
      return s;
    } else if (event.why == traced_process::reason::signal_trap) {
      if (wanted && wanted(event.pc)) {
        s.why = stop::kind::debug_call;
        return s;
      }
      // If it is the program's own, it gets it.
      if (debug_calls(event.pc)) target_.process().swallow(event.tid);
    }
    if (const auto why = kind_of(event.also.value_or(event.why))) return {.why = *why};
  }
}

// Whether anybody wants to know that a thread came to s.pc.
bool runner::judge(stop& s, const std::vector<waypoint>& own, const std::vector<waypoint>& watched,
                   const std::vector<int>& numbers, const std::vector<std::string>& whats) {
  const on_thread there = target_.goroutine_on(s.tid);
  if (const breakpoint* b = breakpoints_.hit(s.pc, there.goid)) {
    s.why = stop::kind::breakpoint;
    s.number = b->number;
    return true;
  }
  const auto is_met = [&](const waypoint& w) { return w.at.count(s.pc) != 0 && w.when(s.tid, there); };
  if (const auto met = std::find_if(own.begin(), own.end(), is_met); met != own.end()) {
    s.why = stop::kind::place;
    s.index = static_cast<std::size_t>(met - own.begin());
    return true;
  }
  const auto met = std::find_if(watched.begin(), watched.end(), is_met);
  if (met == watched.end()) return false;
  const auto which = static_cast<std::size_t>(met - watched.begin());
  s.why = stop::kind::watch;
  s.number = numbers[which];
  s.what = whats[which];
  s.goid = breakpoints_.find(s.number)->goid;
  return true;
}

}  // namespace rt0db
