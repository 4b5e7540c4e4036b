// Where the user wants a process to stop: numbered, at one or several addresses, of all goroutines or of one.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace rt0db {

struct breakpoint {
  int number = 0;
  std::string what;                       // as the user wrote it
  std::vector<std::uintptr_t> addresses;  // the file's; none: it watches a goroutine
  std::uint64_t goid = 0;                 // 0: all stop at it
  std::uint64_t hits = 0, ignored = 0;    // ignored: so many of the next ones
  bool once = false;
};

class breakpoints {
 public:
  const breakpoint& add(breakpoint b);
  // False: there is none of that number.
  bool remove(int number);
  void clear() { all_.clear(); }
  breakpoint* find(int number);

  // All addresses.
  std::set<std::uintptr_t> addresses() const;
  // A goroutine came there: counts it. Who of those that are for it stops it, the first; nullptr: none does.
  breakpoint* hit(std::uintptr_t pc, std::uint64_t goid);

  std::vector<breakpoint>& all() { return all_; }

 private:
  std::vector<breakpoint> all_;
  int last_ = 0;
};

}  // namespace rt0db
