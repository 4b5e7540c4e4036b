// Waiting for children: the goroutine parks, where the kernel's ring can wait for them.
#pragma once
#include "runtime/libc/blocking.h"

namespace rt0::libc {

// True: wait4 or waitid was made, and result is the kernel's. False: it is another call, does not wait, or
// has to be handed off. On a goroutine with a P to give.
bool wait_call(long nr, const call_args& x, long& result) noexcept;

}  // namespace rt0::libc
