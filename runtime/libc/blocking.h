// A program's system call that may block. Its M waits in the kernel; the P goes on with other goroutines.
#pragma once

namespace rt0::libc {

struct call_args {
  long a, b, c, d, e, f;
};

// Makes the call and returns the kernel's value, -errno on failure. In a signal handler, or while the
// scheduler itself calls: the bare call.
long blocking_call(long nr, call_args x) noexcept;

}  // namespace rt0::libc
