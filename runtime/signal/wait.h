// Waiting for signals: sigwait's family, sigsuspend, pause.
#pragma once
#include "runtime/signal/queue.h"

namespace rt0 {

// Takes a signal of the set, which the goroutine blocks, and tells of it in *info; parks until deadline_ns on
// CLOCK_MONOTONIC. The signal; -EAGAIN: the time passed; -EINTR: a handler ran.
int wait_for_signal(sys::sigset set, siginfo_t* info, std::int64_t deadline_ns) noexcept;

// Parks with this mask until a handler has run.
void suspend_until_handler(sys::sigset mask) noexcept;

// The running goroutine is in such a wait for these (none: only for a handler), or no more; a handler's
// beginning ends it too, since it may leave by siglongjmp.
void begin_signal_wait(sys::sigset awaited) noexcept RT0_REQUIRES(signal_lock);
void end_signal_wait() noexcept RT0_REQUIRES(signal_lock);

}  // namespace rt0
