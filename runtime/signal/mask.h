// A goroutine's mask: pthread_sigmask's, and what waits behind it.
#pragma once
#include "runtime/signal/queue.h"

namespace rt0 {

// As sigprocmask(2) of the running goroutine; set == nullptr: only reads. What this unblocks is delivered
// before it returns. On a goroutine.
sys::ret<int> change_mask(sys::mask_how how, const sys::sigset* set, sys::sigset* old) noexcept;

// The same without the delivery: the caller comes to attend() soon.
void set_mask(sys::sigset mask) noexcept;

// Blocked and waiting: sigpending(2).
sys::sigset pending_signals() noexcept;

// sigsuspend's and ppoll's: another mask until a handler has run, which restores the old one, or until
// end_mask, if none did.
void begin_mask(sys::sigset mask) noexcept;
void end_mask() noexcept;

}  // namespace rt0
