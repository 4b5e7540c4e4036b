// A program's system call that may block: its goroutine parks, or its M waits in the kernel and the P goes on
// with other goroutines.
#pragma once

namespace rt0::libc {

struct call_args {
  long a, b, c, d, e, f;
};

// Makes the call and returns the kernel's value, -errno on failure. In a signal handler, or while the
// scheduler itself calls: the bare call.
long blocking_call(long nr, call_args x) noexcept;

// The same for what netpoll does not do (io_call.h): the M waits in the kernel.
long hand_off(long nr, call_args x) noexcept;

}  // namespace rt0::libc
