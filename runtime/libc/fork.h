// fork, for syscall().
#pragma once

namespace rt0::libc {

// fork without pthread_atfork's functions and without the C library's own locks; flags as clone(2)'s. On a
// goroutine; parks while others fork. -errno on failure.
long copy_process(unsigned long flags) noexcept;

}  // namespace rt0::libc
