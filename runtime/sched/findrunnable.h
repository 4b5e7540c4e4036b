// findrunnable: what an M does next. Go's proc.go findRunnable, as a list of named steps.
#pragma once
#include "runtime/sched/runq.h"

namespace rt0 {

// A goroutine to execute. Sleeps until there is one; reports a deadlock where none can come. On g0, with a P;
// may return with another P, and with m->spinning set.
runq_taken findrunnable() noexcept;

}  // namespace rt0
