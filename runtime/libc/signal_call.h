// The system calls that are about signals: answered here, since the kernel's masks, handlers and thread ids
// are Ms'. By syscall(), by musl's members, and by our C names (signal.cc).
#pragma once
#include "rt0/arch.h"

namespace rt0::libc {

// True: nr is one of them, and *result the kernel's value, -errno on failure. May park. On a goroutine.
bool signal_call(long nr, const syscall_args& x, long& result) noexcept;

}  // namespace rt0::libc
