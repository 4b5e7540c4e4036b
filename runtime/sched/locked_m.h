// A goroutine bound to its kernel thread: LockOSThread. Only that M runs it, and that M runs nothing else.
//
//   the M, when its goroutine parks:   gives its P away, sleeps on m->park       (stoplockedm)
//   another M, when it finds it ready: hands its own P over and wakes that M     (startlockedm)
//
// Source: Go 1.21 proc.go. Differs: the M of a bound goroutine that ends goes on with others; Go ends the
// thread, whose state the goroutine may have changed. And new Ms are cloned from whatever M needs one.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// Binds the running goroutine to its M; nests. unlock: false if it was not bound.
void lock_os_thread() noexcept;
bool unlock_os_thread() noexcept;

// The running M, bound to m->lockedg, sleeps until that goroutine shall run; then it has a P. On g0.
void stoplockedm() noexcept;
// gp, which was found runnable here, goes on on its own M, with this M's P. This M sleeps. On g0.
void startlockedm(g* gp) noexcept;
// A mark in lockedm: bound to no M yet, but shall be, to the next that would run it (placement.h).
inline m* to_be_bound() noexcept { return reinterpret_cast<m*>(1); }
// gp bears that mark: it is bound to the running M, which may execute it. False: it is another M's. On g0.
bool bind_here(g* gp) noexcept;
// gp ended: its M is free.
void forget_locked(g* gp) noexcept;

}  // namespace rt0
