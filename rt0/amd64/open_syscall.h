// The system call of open_syscall.S, which a goroutine's attention ends.
#pragma once
#include <cstddef>
#include <cstdint>

#include "rt0/layout.h"

namespace rt0 {

// A system call's six words, in memory's order.
struct syscall_args {
  long a, b, c, d, e, f;
};
static_assert(offsetof(syscall_args, f) == SYSCALL_F);

extern "C" {
// The kernel's value; -EINTR if a bit of open_to was in the running goroutine's attention, or came, before
// the call was over.
long rt0_open_syscall(long nr, const syscall_args* args, std::uint8_t open_to);
extern const char rt0_open_syscall_begin[], rt0_open_syscall_end[], rt0_open_syscall_refused[];
}

}  // namespace rt0
