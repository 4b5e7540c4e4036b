// Timers: one queue per P of things that are due at a time on CLOCK_MONOTONIC.
//
// Most timers are of a few durations (a time-out, a period), so that each of these kinds comes in the order
// in which it falls due. Four runs, lists that only grow at their end, take those in O(1); what fits at no
// run's end goes to a pairing heap (Fredman, Sedgewick, Sleator, Tarjan 1986): add in O(1), remove and pop in
// O(log n) amortized. All of it is intrusive, without memory of its own, so that a goroutine's timer lives in
// its G and arming it cannot fail. Timers of equal deadlines fire in the order in which they were added.
//
// Rejected: the heap alone, whose steps are cache misses (with 10,000 sleepers of 10 ms they were 40 % of all
// time); Go's 4-ary array heap, which is quicker to walk but grows by allocation inside the scheduler.
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

  // The queue's own.
  std::uint64_t order = 0;
  std::uint8_t run = 0;  // 0: in the heap; else the run's number
  timer* child = nullptr;
  timer* sibling = nullptr;   // in a run: the next
  timer* previous = nullptr;  // left sibling, or parent of the leftmost child; in a run: the one before
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
  // In a fork's child: empty, whatever state it is in. The timers themselves are not touched.
  void forget_all() noexcept;

 private:
  static bool before(const timer& a, const timer& b) noexcept;
  static timer* meld(timer* a, timer* b) noexcept;
  static timer* meld_children(timer* first) noexcept;
  struct run_list {
    timer* head;
    timer* tail;
  };
  static constexpr int run_count = 4;

  // The earliest of all, nullptr if there is none.
  timer* first() const noexcept RT0_REQUIRES(lock_);
  run_list* run_for(const timer& t) noexcept RT0_REQUIRES(lock_);
  void link(timer& t) noexcept RT0_REQUIRES(lock_);
  void unlink(timer& t) noexcept RT0_REQUIRES(lock_);
  void unlink_from_run(timer& t) noexcept RT0_REQUIRES(lock_);
  void unlink_from_heap(timer& t) noexcept RT0_REQUIRES(lock_);
  void first_changed(const timer* now_first) noexcept RT0_REQUIRES(lock_);

  mutex<lock_rank::timers> lock_;
  // no_timer - the earliest deadline; 0: empty, so that a zeroed P has an empty heap.
  std::atomic<std::int64_t> before_end_ns_{0};
  run_list runs_[run_count] RT0_GUARDED_BY(lock_) = {};
  timer* root_ RT0_GUARDED_BY(lock_) = nullptr;  // of the heap
  std::uint64_t added_ RT0_GUARDED_BY(lock_) = 0;
};

}  // namespace rt0
