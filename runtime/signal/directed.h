// Signals that the kernel sends to the process for us to direct: a timer's, whose goroutine the kernel does
// not know (SIGEV_THREAD_ID, SIGEV_THREAD).
#pragma once
#include "runtime/signal/queue.h"

namespace rt0 {

// From now on the kernel's timer signals this goroutine; nullptr: the process again. False: no memory, which
// a timer that is directed already does not need.
bool direct_timer(int timer, g* to) noexcept;

// Whom the kernel's signal is for; nullptr: the process.
g* directed_to(const siginfo_t& info) noexcept;

}  // namespace rt0
