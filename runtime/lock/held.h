// RT0_DEBUG=check=1: which locks an M holds, and that it takes them in the order of rank.h. Go's
// lockrank_on.go, at run time instead of in a build of its own.
//
// An M's list is its own, so it needs no atomics; a handler of a signal takes no lock. An entry is a word:
// the lock's address, its rank in the byte that no address uses.
#pragma once
#include <cstdint>

#include "runtime/lock/rank.h"

namespace rt0 {

struct held_locks {
  static constexpr int most = 64;  // a fork holds the exchange of each of 40 size classes, and ten others
  std::uint64_t words[most];
  std::int32_t count;
};

// Throws if this M may not take the lock now: before it waits, so that what would be a deadlock on another
// day is a report on any.
void check_rank(const void* lock, lock_rank rank) noexcept;
// It has it, or no longer has it.
void note_held(const void* lock, lock_rank rank) noexcept;
void note_released(const void* lock) noexcept;

}  // namespace rt0
