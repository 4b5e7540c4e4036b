// The receiver: an M without a P that sits in rt_sigtimedwait and takes from the kernel what is sent to the
// process and blocked on all other Ms. It is made when a signal may first have to be taken: a handler is
// installed, a goroutine waits for a signal, or unblocks one. A plain program has none.
//
// It waits for what was taken over (signal_mask.h), and a bell (ring_receiver) tells it when that is more;
// not for what a signalfd reads, while nobody else can take that.
//
// Between the kernel's taking a signal from its queue and our putting it into one of ours a look at either
// finds nothing; but the kernel writes the siginfo before it returns, so its first word says what is on its
// way (take_from_kernel waits for that). So what was pending before a call of pthread_sigmask that unblocks
// it is delivered before that call returns.
#pragma once
#include "runtime/signal/queue.h"

namespace rt0 {

// Makes it, if there is none, and waits until it can be told. On a goroutine, no lock held.
void ensure_receiver() noexcept;

// Whatever of the set is pending in the kernel, for this M or the process, is sent to the process from here;
// and what the receiver has in hand was sent when this returns. On a goroutine.
void take_from_kernel(sys::sigset set) noexcept;

// A forked child has none.
void forget_receiver() noexcept;

// The set is left in the kernel for signalfds to read; none: those are taken by the receiver again.
void leave_in_kernel(sys::sigset set) noexcept;
void take_back(sys::sigset set) noexcept;
// What is left there.
sys::sigset left_in_kernel() noexcept;

}  // namespace rt0
