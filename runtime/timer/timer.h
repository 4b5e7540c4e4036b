// Timers: one heap per P of things that are due at a time on CLOCK_MONOTONIC.
//
// An intrusive pairing heap (Fredman, Sedgewick, Sleator, Tarjan 1986): add in O(1), remove and pop in O(log
// n) amortized, and no memory of its own, so that a goroutine's timer lives in its G and arming it cannot
// fail. Go keeps a 4-ary array heap, which is quicker to walk but grows by allocation inside the scheduler:
// rejected. Timers of equal deadlines fire in the order in which they were added.
#pragma once
#include <atomic>
#include <cstdint>

#include "runtime/base/thread_safety.h"
#include "runtime/lock/mutex.h"

namespace rt0 {

inline constexpr std::int64_t no_timer = INT64_MAX;

struct timer {
  std::int64_t when_ns = 0;                           // CLOCK_MONOTONIC
  void (*fire)(timer*, std::uint64_t tag) = nullptr;  // runs on g0 without the heap's lock; must not park
  std::uint64_t tag = 0;                              // handed to fire: a wait's generation

  // The heap's own.
  std::uint64_t order = 0;
  timer* child = nullptr;
  timer* sibling = nullptr;
  timer* previous = nullptr;                 // left sibling, or parent of the leftmost child
  std::atomic<class timers*> heap{nullptr};  // where it is pending; written under that heap's lock
};

class timers {
 public:
  // Makes t pending. t must not be. True: it is the earliest now.
  bool add(timer& t) noexcept;
  // Makes t not pending, in whichever heap it is; false if it had fired, or is firing, before. By t's owner.
  static bool remove(timer& t) noexcept;
  // Fires what is due at now_ns; returns how many. Any M with a P.
  int run(std::int64_t now_ns) noexcept;
  // When the earliest is due, or no_timer. Without the lock: a hint, exact where a fence orders it after add.
  std::int64_t next_when() const noexcept {
    return no_timer - before_end_ns_.load(std::memory_order_relaxed);
  }
  // Moves everything to the other heap. While the world is stopped.
  void move_to(timers& other) noexcept;

 private:
  static bool before(const timer& a, const timer& b) noexcept;
  static timer* meld(timer* a, timer* b) noexcept;
  static timer* meld_children(timer* first) noexcept;
  void link(timer& t) noexcept RT0_REQUIRES(lock_);
  void unlink(timer& t) noexcept RT0_REQUIRES(lock_);
  void root_changed() noexcept RT0_REQUIRES(lock_);

  mutex<lock_rank::timers> lock_;
  // no_timer - the root's deadline; 0: empty, so that a zeroed P has an empty heap.
  std::atomic<std::int64_t> before_end_ns_{0};
  timer* root_ RT0_GUARDED_BY(lock_) = nullptr;
  std::uint64_t added_ RT0_GUARDED_BY(lock_) = 0;
};

}  // namespace rt0
