// mutex<rank>: the runtime's own lock. Blocks the M, never parks a goroutine; Go's lock_futex.go.
//
// Who should use it: the scheduler, heap, timers and the wait table, for short critical sections that call
// nothing which may park. Who should not: anything that a user waits in (runtime/sync).
//
//   unlocked -> locked      lock, nobody there
//   locked   -> sleeping    a contender gives up spinning
//   locked   -> unlocked    unlock
//   sleeping -> unlocked    unlock, which then wakes one sleeper
//
// While an M holds one, its m->locks is raised: it is neither preempted nor parked.
#pragma once
#include <atomic>
#include <cstdint>

#include "runtime/base/thread_safety.h"
#include "runtime/lock/rank.h"

namespace rt0 {

class mutex_base {
 public:
  constexpr mutex_base() = default;
  mutex_base(const mutex_base&) = delete;

 protected:
  void lock_at(lock_rank) noexcept;
  void unlock_at(lock_rank) noexcept;

 private:
  void lock_slow() noexcept;
  std::atomic<std::uint32_t> state_{0};
};

template <lock_rank Rank>
class RT0_CAPABILITY("mutex") mutex : private mutex_base {
 public:
  void lock() noexcept RT0_ACQUIRE() { lock_at(Rank); }
  void unlock() noexcept RT0_RELEASE() { unlock_at(Rank); }
};

// Holds a mutex for a scope.
template <class M>
class RT0_SCOPED_CAPABILITY lock_guard {
 public:
  explicit lock_guard(M& m) noexcept RT0_ACQUIRE(m) : m_(m) { m_.lock(); }
  ~lock_guard() RT0_RELEASE() { m_.unlock(); }
  lock_guard(const lock_guard&) = delete;

 private:
  M& m_;
};

}  // namespace rt0
