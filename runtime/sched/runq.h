// Run queues: a P's ring with its runnext, and the global queue.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// Puts a runnable goroutine on pp's queue: as runnext (the old one goes to the tail) or at the tail. A full
// ring gives half of itself to the global queue. Owner of pp only.
void runqput(p* pp, g* gp, bool next) noexcept;
// Takes the next goroutine of pp, or nullptr. Owner of pp only.
g* runqget(p* pp) noexcept;
bool runqempty(const p* pp) noexcept;

void globrunqput(g* gp) noexcept RT0_REQUIRES(sched.lock);
// Takes one for pp, and moves pp's share (at most max, 0: no bound) to its ring.
g* globrunqget(p* pp, std::uint32_t max) noexcept RT0_REQUIRES(sched.lock);

}  // namespace rt0
