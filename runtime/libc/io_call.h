// A program's calls on descriptors, by netpoll: what would block parks the goroutine.
#pragma once
#include "runtime/libc/blocking.h"

namespace rt0::libc {

// True: the call was made, and result is the kernel's. False: it is not for netpoll (another call, a file
// that is not waited for, no back-end): to be handed off as it is.
bool io_call(long nr, const call_args& x, long& result) noexcept;

}  // namespace rt0::libc
