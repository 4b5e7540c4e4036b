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
// With RT0_DEBUG=check=1 a holder is noted in its M's list (held.h), and has `watched` in place of `locked`:
// so unlock, which looks only for what is not `locked`, finds its way to the list without a look of its own,
// and lock has one branch for that and RT0_DEBUG=perturb together.
//
//   locked   -> watched     the holder has noted it; sleeping stays, which says as much
//
// While an M holds one, its m->locks is raised: it is neither preempted nor parked.
#pragma once
#include <atomic>
#include <cstdint>

#include "rt0/arch.h"
#include "runtime/base/debug_options.h"
#include "runtime/base/thread_safety.h"
#include "runtime/lock/rank.h"

namespace rt0 {

class mutex_base {
 public:
  constexpr mutex_base() = default;
  mutex_base(const mutex_base&) = delete;

 protected:
  void lock_base(lock_rank rank) noexcept {
    m_locks_inc();
    if (debug.hooks != 0) [[unlikely]]
      return lock_hooked(rank);
    std::uint32_t expected = unlocked;
    // pairs with: unlock_base exchange(release)
    if (!state_.compare_exchange_strong(expected, locked, std::memory_order_acquire,
                                        std::memory_order_relaxed)) [[unlikely]] {
      lock_slow();
    }
  }
  bool try_lock_base(lock_rank rank) noexcept {
    m_locks_inc();
    std::uint32_t expected = unlocked;
    // pairs with: unlock_base exchange(release)
    if (state_.compare_exchange_strong(expected, locked, std::memory_order_acquire,
                                       std::memory_order_relaxed)) {
      if (debug.hooks != 0) [[unlikely]]
        note_if_checked(rank);
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
  static constexpr std::uint32_t unlocked = 0, locked = 1, sleeping = 2, watched = 3;
  void lock_hooked(lock_rank rank) noexcept;
  void lock_slow() noexcept;
  void note_if_checked(lock_rank rank) noexcept;
  void unlock_slow(std::uint32_t was) noexcept;
  std::atomic<std::uint32_t> state_{unlocked};
};

template <lock_rank Rank>
class RT0_CAPABILITY("mutex") mutex : private mutex_base {
 public:
  void lock() noexcept RT0_ACQUIRE() { lock_base(Rank); }
  bool try_lock() noexcept RT0_TRY_ACQUIRE(true) { return try_lock_base(Rank); }
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
