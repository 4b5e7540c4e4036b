#include "sys/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include "rt0/arch.h"

namespace rt0::sys {

ret<int> futex_wait(const std::uint32_t* word, std::uint32_t expected, std::int64_t deadline_ns) noexcept {
  timespec until{};
  if (deadline_ns >= 0) until = {deadline_ns / 1'000'000'000, deadline_ns % 1'000'000'000};
  // WAIT_BITSET takes an absolute time, so that an early return needs no new arithmetic.
  return ret<int>::from_raw(raw_syscall(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAIT_BITSET_PRIVATE,
                                        expected, deadline_ns >= 0 ? reinterpret_cast<long>(&until) : 0, 0,
                                        FUTEX_BITSET_MATCH_ANY));
}

ret<int> futex_wake(const std::uint32_t* word, int count) noexcept {
  return ret<int>::from_raw(raw_syscall(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAKE_PRIVATE, count));
}

}  // namespace rt0::sys
