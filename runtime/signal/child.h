// A forked child's signals: masks, handlers and sigaltstack are its parent's, nothing is pending, and there
// is no receiver. (fork(2), POSIX.)
#pragma once

namespace rt0 {

// In the child, on its only goroutine and M, while signal_lock is free: of what waited in the parent nothing
// waits, and no other goroutine is attentive or waits for signals.
void signals_in_child() noexcept;

// Later, when the child can make Ms: the receiver, if a handler may have to be called.
void receiver_in_child() noexcept;

}  // namespace rt0
