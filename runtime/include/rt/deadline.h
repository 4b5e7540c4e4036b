// Times for waits, a part of <rt/sync.h>, <rt/select.h> and <rt/time.h>: any duration and any clock becomes a
// time of CLOCK_MONOTONIC in nanoseconds, which is steady_clock's, and what no such number can say becomes
// the nearest that can: hours::max() from now is the end of time, not the past.
#pragma once
#include <chrono>
#include <cstdint>
#include <limits>

namespace rt::detail {

inline constexpr std::int64_t no_deadline = std::numeric_limits<std::int64_t>::max();

// Not before it: a fraction of a nanosecond counts as one.
template <class Rep, class Period>
std::int64_t saturated_ns(std::chrono::duration<Rep, Period> d) {
  using std::chrono::nanoseconds;
  using limits = std::numeric_limits<std::int64_t>;
  const std::chrono::duration<double, std::nano> about(d);
  if (about.count() >= static_cast<double>(limits::max())) return limits::max();
  if (about.count() <= static_cast<double>(limits::min())) return limits::min();
  return std::chrono::ceil<nanoseconds>(d).count();
}

// a + b, a not negative.
constexpr std::int64_t saturated_sum(std::int64_t a, std::int64_t b) noexcept {
  return b > no_deadline - a ? no_deadline : a + b;
}

inline std::int64_t now_ns() { return saturated_ns(std::chrono::steady_clock::now().time_since_epoch()); }

// So long after now. What is not later than now is now.
inline std::int64_t deadline_after(std::int64_t ns) {
  const std::int64_t now = now_ns();
  return ns <= 0 ? now : saturated_sum(now, ns);
}

template <class Rep, class Period>
std::chrono::steady_clock::time_point after_now(std::chrono::duration<Rep, Period> d) {
  using namespace std::chrono;
  return steady_clock::time_point(
      duration_cast<steady_clock::duration>(nanoseconds(deadline_after(saturated_ns(d)))));
}

// What is left until then on its own clock; not positive: it has passed.
template <class Clock, class Duration>
std::int64_t left_ns(const std::chrono::time_point<Clock, Duration>& when) {
  const std::int64_t now = saturated_ns(Clock::now().time_since_epoch());
  const std::int64_t then = saturated_ns(when.time_since_epoch());
  if (then == no_deadline) return no_deadline;
  std::int64_t left = 0;
  if (__builtin_sub_overflow(then, now, &left)) return then > now ? no_deadline : -1;
  return left;
}

template <class Clock, class Duration>
std::int64_t deadline_of(const std::chrono::time_point<Clock, Duration>& when) {
  const std::int64_t left = left_ns(when);
  return left == no_deadline ? no_deadline : deadline_after(left);
}

// A clock that was set since the deadline was computed may say otherwise.
template <class Clock, class Duration>
bool passed(const std::chrono::time_point<Clock, Duration>& when) {
  return left_ns(when) <= 0;
}

}  // namespace rt::detail
