#include "tools/rt0db/breakpoints.h"

#include <algorithm>

namespace rt0db {

const breakpoint& breakpoints::add(breakpoint b) {
  b.number = ++last_;
  return all_.emplace_back(std::move(b));
}

bool breakpoints::remove(int number) {
  return std::erase_if(all_, [&](const breakpoint& b) { return b.number == number; }) != 0;
}

breakpoint* breakpoints::find(int number) {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const breakpoint& b) { return b.number == number; });
  return found == all_.end() ? nullptr : &*found;
}

std::set<std::uintptr_t> breakpoints::addresses() const {
  std::set<std::uintptr_t> addresses;
  for (const breakpoint& b : all_) addresses.insert(b.addresses.begin(), b.addresses.end());
  return addresses;
}

breakpoint* breakpoints::hit(std::uintptr_t pc, std::uint64_t goid) {
  breakpoint* first = nullptr;
  for (breakpoint& b : all_) {
    if (std::find(b.addresses.begin(), b.addresses.end(), pc) == b.addresses.end()) continue;
    if (b.goid != 0 && b.goid != goid) continue;
    b.hits++;
    if (b.ignored > 0) {
      b.ignored--;
    } else if (first == nullptr) {
      first = &b;
    }
  }
  return first;
}

}  // namespace rt0db
