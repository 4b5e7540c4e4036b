// Stopping the world: no P runs a goroutine. Go's stopTheWorldWithSema, startTheWorldWithSema.
//
//   stop: gcwaiting = true, then every P is counted down from stopwait exactly once, by whoever has it:
//     running   its M, at its next schedule(), exitsyscall or hand-off (preempted to get there)
//     syscall   the stopper, or the M that enters, by CAS(syscall -> gcstop); exitsyscall loses the CAS and
//     waits idle      the stopper, under sched.lock
//   start: the Ps are idle again, those with goroutines get an M.
//
// Who should use it: changing the number of Ps, consistent dumps. Who should not: anything frequent; it costs
// a signal for each busy P.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// On a goroutine with a P; one at a time (the caller has the lock that sees to it). Afterwards only this M
// runs, with its P. m->locks is raised until start_the_world: no parking between.
void stop_the_world() noexcept;
// Ps with goroutines, from procresize or nullptr, get Ms.
void start_the_world() noexcept;
// In a fork's child, whose Ps hold no goroutines: no M is woken.
void start_the_world_alone() noexcept;

// The world is being stopped: pp, which runs nowhere, is counted. False: nobody is stopping the world.
bool stop_here(p* pp) noexcept RT0_REQUIRES(sched.lock);
// The same for a P in a system call, if it is still in it.
void stop_in_syscall(p* pp) noexcept RT0_REQUIRES(sched.lock);
// The running M gives its P to who stops the world, and sleeps. On g0.
void gcstopm() noexcept;

}  // namespace rt0
