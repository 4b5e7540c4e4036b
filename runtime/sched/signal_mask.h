// The process's signal mask. Programs think that a mask is a thread's; but a goroutine moves between Ms, so
// until masks become goroutines' there is one for all, sched.sigmask, and every M's kernel mask follows it:
//
//   more is blocked   on every M before the call returns, or kill() could still find an M that takes the
//                     signal
//   less is blocked   on the caller's M, which then gets what is pending; the others when they next leave a
//                     system call or wake
//   a new M           starts with it
//
// That serves the usual programs: main blocks, makes threads, one of them calls sigwait. What it does not
// serve: threads with different masks.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// How, as for sigprocmask(2); set == nullptr: only reads. *old: the mask before. In a program's handler on
// the signal stack: the kernel's mask of this M, which lasts until the handler returns. Blocks the M.
sys::ret<int> change_mask(sys::mask_how, const sys::sigset* set, sys::sigset* old) noexcept;

// Holds off all handlers of the program on this M, but not the runtime's call_signal: for who takes
// sched.births, which a handler might want too. Returns what release_signals wants. In core text, so that the
// goroutine stays on the M.
sys::sigset hold_signals() noexcept;
void release_signals(sys::sigset held) noexcept;

// This M takes the process's mask; follow_mask: if that has changed.
void adopt_mask() noexcept;
inline void follow_mask(const m* mp) noexcept {
  // pairs with: change_mask's store(release)
  if (mp->sigmask != sched.sigmask.load(std::memory_order_acquire)) [[unlikely]]
    adopt_mask();
}

}  // namespace rt0
