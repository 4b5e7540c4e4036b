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

// Never falsely true: the goroutine on its way between runnext and ring is seen. Any M.
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

}  // namespace rt0
