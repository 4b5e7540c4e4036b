// The C library's times, as deadlines of the scheduler.
#pragma once
#include <time.h>

#include <cstdint>

namespace rt0::libc {

// An absolute time of CLOCK_REALTIME or CLOCK_MONOTONIC as nanoseconds of CLOCK_MONOTONIC; times before now
// become now, and those beyond the 292 years of an int64_t are no deadline. False: tv_nsec or the clock is
// invalid.
bool deadline_from(clockid_t clock, const timespec* until, std::int64_t& deadline_ns) noexcept;

// Whether glibc's timed waits know the clock: others are EINVAL, whatever the time.
inline bool waits_on(clockid_t clock) noexcept { return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC; }

// Now plus a duration, likewise. False: tv_nsec or tv_sec is negative or tv_nsec too large.
bool deadline_after(const timespec* duration, std::int64_t& deadline_ns) noexcept;

}  // namespace rt0::libc
