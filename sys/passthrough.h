// A system call that a program made by its C library's name or by syscall(): handed to the kernel as it is.
#pragma once

namespace rt0::sys {

// Returns the kernel's value: -errno in [-4095, -1] on failure. May block the M.
long passthrough(long nr, long a, long b, long c, long d, long e, long f) noexcept;

}  // namespace rt0::sys
