// lock_word: a 32-bit mutual exclusion word on the wait table; what user-visible mutexes are made of.
//
//   free -> held               lock, nobody there
//   held -> contended          a second goroutine is going to wait
//   held -> free               unlock
//   contended -> free          unlock; the first waiter is woken and takes the word as contended, unless
//   somebody was quicker contended -> contended     unlock, when the first waiter lost that race and has
//   waited for a millisecond: it is handed
//                              the lock. So nobody starves, and barging, which is what makes a lock quick,
//                              stays the rule (Go's mutex.go: normal and starvation mode).
//
// Source of the three states: U. Drepper, "Futexes Are Tricky", mutex2. unlock does not touch the word once
// it is free: the mutex may be destroyed by whoever gets it next.
#pragma once
#include <atomic>
#include <cstdint>

#include "runtime/sync/wait_table.h"

namespace rt0 {

class lock_word {
 public:
  bool try_lock() noexcept {
    std::uint32_t expected = free_;
    // pairs with: unlock (release)
    return word_.compare_exchange_strong(expected, held, std::memory_order_acquire,
                                         std::memory_order_relaxed);
  }

  // False: deadline_ns passed. Parks.
  bool lock(std::int64_t deadline_ns, wait_reason why) noexcept {
    if (try_lock()) [[likely]]
      return true;
    return lock_slow(deadline_ns, why);
  }

  // The word must be held.
  void unlock() noexcept {
    std::uint32_t expected = held;
    // pairs with: try_lock, lock_slow (acquire)
    if (word_.compare_exchange_strong(expected, free_, std::memory_order_release, std::memory_order_relaxed))
      return;
    release_to_waiter(word_, free_);
  }

  bool locked() const noexcept { return word_.load(std::memory_order_relaxed) != free_; }

 private:
  static constexpr std::uint32_t free_ = 0, held = 1, contended = 2;

  bool lock_slow(std::int64_t deadline_ns, wait_reason why) noexcept;

  std::atomic<std::uint32_t> word_{free_};
};

}  // namespace rt0
