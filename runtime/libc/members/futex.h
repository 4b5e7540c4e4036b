// The wait table for members, which do not see the core's insides: by the system call that it answers.
#pragma once
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace rt0::libc {

// Parks while *word == expected; may return early. Neither changes errno: pthread functions do not.
inline void futex_wait(const std::uint32_t* word, std::uint32_t expected) noexcept {
  const int error = errno;
  (void)syscall(SYS_futex, word, FUTEX_WAIT, expected, nullptr);
  errno = error;
}
inline void futex_wake(const std::uint32_t* word, int count) noexcept {
  (void)syscall(SYS_futex, word, FUTEX_WAKE, count);
}

}  // namespace rt0::libc
