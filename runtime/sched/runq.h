// Run queues: a P's ring with its runnext, and the global queue.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// Puts a runnable goroutine on pp's queue: as runnext (the old one goes to the tail) or at the tail. A full
// ring gives half of itself to the global queue. Owner of pp only.
void runqput(p* pp, g* gp, bool next) noexcept;

struct runq_taken {
  g* gp;          // nullptr: the queue is empty
  bool inherits;  // it was runnext: it goes on in the time slice of who made it ready
};
// Takes the next goroutine of pp. Owner of pp only.
runq_taken runqget(p* pp) noexcept;

// The goroutine that runqput moves from runnext to the ring is seen. One that findrunnable moves so is not,
// for a moment; its P takes it next. Any M.
bool runqempty(const p* pp) noexcept;

// Whether any queue holds a goroutine; after a fence: every one that was submitted before. Any M.
bool work_is_queued() noexcept;

// Takes half of victim's goroutines; one of them is returned, the others are put on pp. runnext is taken only
// if asked for, and after giving its P three microseconds to run it. Owner of pp only; blocks the M so long.
g* runqsteal(p* pp, p* victim, bool steal_runnext) noexcept;

void globrunqput(g* gp) noexcept RT0_REQUIRES(sched.lock);
// The same for a caller without the lock.
void put_global(g* gp) noexcept;
// Takes one for pp, and moves pp's share (at most max, 0: no bound) to its ring.
g* globrunqget(p* pp, std::uint32_t max) noexcept RT0_REQUIRES(sched.lock);
// Everything of pp to the global queue. pp runs nowhere.
void runq_to_global(p* pp) noexcept RT0_REQUIRES(sched.lock);

// --- public interface ends here: the two that every switch takes, inline

// Half of a full ring, and gp, to the global queue. False: a stealer made room meanwhile.
bool runqputslow(p* pp, g* gp, std::uint32_t head, std::uint32_t tail) noexcept;

// Of the goroutines that come next: the one after next's own lines, and the next one's stack, which its lines
// name. 10,000 of them are more than a cache holds.
inline void look_ahead(const p* pp, std::uint32_t next, std::uint32_t tail) noexcept {
  if (next == tail) return;
  const g* gp = pp->runq[next % runq_capacity].load(std::memory_order_relaxed);
  __builtin_prefetch(reinterpret_cast<const void*>(gp->sched.sp));
  if (next + 1 != tail) prefetch(pp->runq[(next + 1) % runq_capacity].load(std::memory_order_relaxed));
}

inline void runqput(p* pp, g* gp, bool next) noexcept {
  if (next) {
    // pairs with: runqget exchange, grab_runnext's CAS. seq_cst: the submitter's half of wakep's StoreLoad
    // pair
    gp = pp->runnext.exchange(gp, std::memory_order_seq_cst);
    if (gp == nullptr) return;
  }
  for (;;) {
    const std::uint32_t head =
        pp->runqhead.load(std::memory_order_acquire);  // pairs with: consumers' CAS(release)
    const std::uint32_t tail = pp->runqtail.load(std::memory_order_relaxed);
    if (tail - head < runq_capacity) {
      pp->runq[tail % runq_capacity].store(gp, std::memory_order_relaxed);
      // pairs with: runqgrab's load(acquire). The old runnext is published by this store, and the submitter
      // goes on to look for an idle P without a fence of its own (wakep_published).
      pp->runqtail.store(tail + 1, next ? std::memory_order_seq_cst : std::memory_order_release);
      return;
    }
    if (runqputslow(pp, gp, head, tail)) return;
  }
}

inline runq_taken runqget(p* pp) noexcept {
  // Only the owner sets runnext to something, so a plain look first saves the exchange.
  if (pp->runnext.load(std::memory_order_relaxed) != nullptr) {
    g* gp = pp->runnext.exchange(nullptr, std::memory_order_acq_rel);  // pairs with: runqput exchange
    if (gp != nullptr) return {gp, true};
  }
  std::uint32_t head =
      pp->runqhead.load(std::memory_order_acquire);  // pairs with: other consumers' CAS(release)
  for (;;) {
    const std::uint32_t tail = pp->runqtail.load(std::memory_order_relaxed);
    if (tail == head) return {nullptr, false};
    g* gp = pp->runq[head % runq_capacity].load(std::memory_order_relaxed);
    // pairs with: runqput runqhead load(acquire): the place may be written again
    if (pp->runqhead.compare_exchange_weak(head, head + 1, std::memory_order_release,
                                           std::memory_order_acquire)) {
      look_ahead(pp, head + 1, tail);
      return {gp, false};
    }
  }
}

}  // namespace rt0
