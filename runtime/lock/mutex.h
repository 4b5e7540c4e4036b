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

#include "rt0/arch.h"
#include "runtime/base/thread_safety.h"
#include "runtime/lock/perturb.h"
#include "runtime/lock/rank.h"

namespace rt0 {

class mutex_base {
 public:
  constexpr mutex_base() = default;
  mutex_base(const mutex_base&) = delete;

 protected:
  void lock_base() noexcept {
    m_locks_inc();
    perturb();
    std::uint32_t expected = unlocked;
    // pairs with: unlock_base exchange(release)
    if (!state_.compare_exchange_strong(expected, locked, std::memory_order_acquire,
                                        std::memory_order_relaxed)) [[unlikely]] {
      lock_slow();
    }
  }
  bool try_lock_base() noexcept {
    m_locks_inc();
    std::uint32_t expected = unlocked;
    // pairs with: unlock_base exchange(release)
    if (state_.compare_exchange_strong(expected, locked, std::memory_order_acquire,
                                       std::memory_order_relaxed)) {
      return true;
    }
    m_locks_dec();
    return false;
  }
  void unlock_base() noexcept {
    // pairs with: lock_base compare_exchange(acquire)
    const std::uint32_t was = state_.exchange(unlocked, std::memory_order_release);
    if (was != locked) [[unlikely]]
      unlock_slow(was);
    m_locks_dec();
  }

 private:
  static constexpr std::uint32_t unlocked = 0, locked = 1, sleeping = 2;
  void lock_slow() noexcept;
  void unlock_slow(std::uint32_t was) noexcept;
  std::atomic<std::uint32_t> state_{unlocked};
};

template <lock_rank Rank>
class RT0_CAPABILITY("mutex") mutex : private mutex_base {
 public:
  void lock() noexcept RT0_ACQUIRE() { lock_base(); }
  bool try_lock() noexcept RT0_TRY_ACQUIRE(true) { return try_lock_base(); }
  void unlock() noexcept RT0_RELEASE() { unlock_base(); }
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
