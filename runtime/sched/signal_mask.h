// The kernel's signal masks. They are Ms', programs think that masks are threads', and a goroutine moves
// between Ms: so a goroutine's mask is a word of its own (runtime/signal), and what the kernel blocks says
// only which signals the runtime has taken over. Those are blocked on every M, and wait in the kernel until
// the receiver, or who looks what is pending, takes them:
//
//   taken over   a signal that has a handler, that any goroutine blocks or ever did, or is waiting for
//   left         the others: default or ignored, and nobody ever asked. The kernel does with them what it
//   does
//                to any program, and a plain program has no receiver
//
// A signal that was taken over stays so. A new M begins with the mask of the others.
#pragma once
#include <signal.h>

#include "runtime/sched/every_m.h"
#include "runtime/sched/sched.h"

namespace rt0 {

// No goroutine's mask can have them. SIGURG makes goroutines give way: a thread that could block it could
// keep everybody else from running. (glibc keeps its own two signals out of masks in the same way.) The last
// two the kernel does not block.
inline constexpr sys::sigset never_blocked =
    sys::sig_bit(SIGURG) | sys::sig_bit(call_signal) | sys::sig_bit(SIGKILL) | sys::sig_bit(SIGSTOP);

// Blocks these on every M, from before the return on; what the kernel must always deliver is left out. Blocks
// the M; no lock is held.
void take_over(sys::sigset signals) noexcept;

// This M's first mask: the others'.
void adopt_mask() noexcept;

}  // namespace rt0
