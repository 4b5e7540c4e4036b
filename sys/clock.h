// Time, by the vDSO: no system call where the kernel offers it.
#pragma once
#include <cstdint>

namespace rt0::sys {

enum class clock : int { realtime = 0, monotonic = 1 };  // any clockid_t

// Nanoseconds since the clock's epoch.
std::int64_t nanotime(clock = clock::monotonic) noexcept;

// Blocks the M for about so long; a signal may end it early.
void sleep_ns(std::int64_t duration_ns) noexcept;

}  // namespace rt0::sys
