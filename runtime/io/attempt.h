// An operation tried without blocking: what is ready costs one system call and no park.
#pragma once
#include "sys/uring.h"

namespace rt0 {

// The kernel's result; -EAGAIN: it would block. -EOPNOTSUPP: this kind of operation or file cannot be tried.
// Some of a write, or of a read from a file, may have been done: the count says how much.
long attempt(const sys::ring_op& op) noexcept;

// Events of poll(2) that the descriptor has now, of those asked for; -errno.
long poll_now(int fd, std::uint32_t events) noexcept;

}  // namespace rt0
