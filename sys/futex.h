// The kernel's futex, private to the process: what an M sleeps on.
#pragma once
#include <cstdint>

#include "sys/ret.h"

namespace rt0::sys {

inline constexpr std::int64_t no_deadline = -1;

// Sleeps while *word == expected, at most until deadline_ns on CLOCK_MONOTONIC (no_deadline: for ever).
// May return early with EINTR or EAGAIN, or late with ETIMEDOUT: the caller looks again.
ret<int> futex_wait(const std::uint32_t* word, std::uint32_t expected, std::int64_t deadline_ns) noexcept;
// Wakes at most count sleepers; returns how many.
ret<int> futex_wake(const std::uint32_t* word, int count) noexcept;

}  // namespace rt0::sys
