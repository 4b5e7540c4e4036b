// sysmon: an M without a P that looks after the others. Go's proc.go sysmon.
//
// It takes Ps back from Ms that block in system calls, has goroutines preempted whose time slice is over,
// sees to timers that nobody looks at, and returns idle memory. It starts with the second M, and sleeps
// without a deadline while all Ps are idle.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// Starts it, once.
void sysmon_start() noexcept;
// A P is going to be used.
void sysmon_wake() noexcept RT0_REQUIRES(sched.lock);

}  // namespace rt0
