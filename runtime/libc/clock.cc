#include "runtime/libc/clock.h"

#include "runtime/timer/timer.h"
#include "sys/clock.h"

namespace rt0::libc {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

bool valid_ns(const timespec* t) noexcept { return t->tv_nsec >= 0 && t->tv_nsec < ns_per_s; }

// A time that never comes, yet is one: a thread that sleeps for ever is no deadlock.
constexpr std::int64_t end_of_time = no_timer - 1;

// end_of_time where the sum overflows.
std::int64_t to_ns(const timespec* t) noexcept {
  std::int64_t ns;
  if (__builtin_mul_overflow(static_cast<std::int64_t>(t->tv_sec), ns_per_s, &ns) ||
      __builtin_add_overflow(ns, static_cast<std::int64_t>(t->tv_nsec), &ns)) {
    return t->tv_sec < 0 ? 0 : end_of_time;
  }
  return ns;
}

std::int64_t after(std::int64_t start_ns, std::int64_t delay_ns) noexcept {
  std::int64_t sum;
  return __builtin_add_overflow(start_ns, delay_ns, &sum) ? end_of_time : sum;
}

}  // namespace

bool deadline_from(clockid_t clock, const timespec* until, std::int64_t& deadline_ns) noexcept {
  if (!valid_ns(until)) return false;
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_TAI) {
    return false;
  }
  const std::int64_t until_ns = to_ns(until);
  const std::int64_t there_ns = sys::nanotime(static_cast<sys::clock>(clock));
  const std::int64_t now_ns = clock == CLOCK_MONOTONIC ? there_ns : sys::nanotime();
  deadline_ns = until_ns > there_ns ? after(now_ns, until_ns - there_ns) : now_ns;
  return true;
}

bool deadline_after(const timespec* duration, std::int64_t& deadline_ns) noexcept {
  if (!valid_ns(duration) || duration->tv_sec < 0) return false;
  deadline_ns = after(sys::nanotime(), to_ns(duration));
  return true;
}

}  // namespace rt0::libc
