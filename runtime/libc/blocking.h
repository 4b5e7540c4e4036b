// A program's system call that may block: its goroutine parks, or its M waits in the kernel and the P goes on
// with other goroutines.
#pragma once
#include "rt0/arch.h"

namespace rt0::libc {

using call_args = syscall_args;

// Makes the call and returns the kernel's value, -errno on failure. Handlers of signals that come meanwhile
// run before it returns, and it is made again unless one of them ends it (-EINTR). On g0, or with m->locks:
// the bare call.
long blocking_call(long nr, call_args x) noexcept;

// The same for what netpoll does not do (io_call.h): the M waits in the kernel.
long hand_off(long nr, call_args x) noexcept;

// SA_RESTART speaks of this call (signal(7)): after a handler with that flag it is made again.
bool restarts(long nr) noexcept;

// The kernel sent the calling thread, this M, a signal together with this error (SIGPIPE, SIGXFSZ): it is the
// running goroutine's. Right after the call, on the same M.
void take_raised_with(long result) noexcept;

}  // namespace rt0::libc
