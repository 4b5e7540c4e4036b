// A program's waits for events on many descriptors: poll, select, epoll_wait and their kin.
#pragma once
#include "runtime/libc/blocking.h"

namespace rt0::libc {

// True: the call was made, and result is the kernel's. False: it is another call, or has to be handed off. On
// a goroutine with a P to give.
bool poll_call(long nr, const call_args& x, long& result) noexcept;

}  // namespace rt0::libc
