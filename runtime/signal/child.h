// A forked child's signals: masks, handlers and sigaltstack are its parent's, nothing is pending, and there
// is no receiver (fork(2), POSIX).
#pragma once
#include "runtime/signal/queue.h"

namespace rt0 {

// Around the copy: the lock, which the receiver takes on an M without a P.
void signals_fork_prepare() noexcept;
void signals_fork_parent() noexcept;
// The child's only goroutine, which has the lock from its parent, lets it go: of what waited nothing waits.
// The heap's lock is free.
void signals_fork_child() noexcept;

// Later, when the child can make Ms: the receiver, if a handler may have to be called, or a channel told.
void receiver_in_child() noexcept;

}  // namespace rt0
