// The scheduling calls of syscall(), which are a goroutine's where they name one.
#pragma once
#include "rt0/arch.h"

namespace rt0::libc {

// True: it was sched_setaffinity or the like for one of our threads, and the result is there.
bool scheduling_call(long nr, const syscall_args& x, long& result) noexcept;

}  // namespace rt0::libc
