// Preemption: a goroutine that does not park gives way all the same. sysmon asks after a slice of 10 ms, a
// stop of the world at once; the signal handler (runtime/signal) injects a call of rt0_asyncpreempt where the
// goroutine is, unless that is in the runtime's own code, which looks at p->preempt by itself.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// Asks pp's goroutine to give way: sets pp->preempt and sends its M a SIGURG, if none is under way. pp may
// stop running meanwhile; then nothing happens, or its next goroutine yields once for nothing.
void preemptone(p* pp) noexcept;
// All running Ps, but the caller's.
void preemptall() noexcept;

}  // namespace rt0
