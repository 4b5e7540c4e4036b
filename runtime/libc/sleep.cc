// Sleeping: on the scheduler's timers, never in the kernel.
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/export.h"
#include "runtime/libc/clock.h"
#include "runtime/libc/pthread/cancel.h"
#include "runtime/sched/park.h"

// Returns an error number. Nothing interrupts a goroutine's sleep yet, so the remaining time is never asked
// for.
RT0_EXPORT int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec*) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_TAI) {
    return clock == CLOCK_PROCESS_CPUTIME_ID ? ENOTSUP : EINVAL;
  }
  std::int64_t deadline_ns;
  const bool valid = (flags & TIMER_ABSTIME) != 0 ? rt0::libc::deadline_from(clock, time, deadline_ns)
                                                  : rt0::libc::deadline_after(time, deadline_ns);
  if (!valid) return EINVAL;
  rt0::libc::act_on_cancel();
  {
    const rt0::libc::open_to_cancel open;
    rt0::sleep_until(deadline_ns);
  }
  rt0::libc::act_on_cancel();
  return 0;
}

RT0_EXPORT int nanosleep(const timespec* duration, timespec* rest) {
  const int error = clock_nanosleep(CLOCK_REALTIME, 0, duration, rest);
  if (error != 0) errno = error;
  return error == 0 ? 0 : -1;
}

RT0_EXPORT unsigned sleep(unsigned seconds) {
  const timespec duration{static_cast<time_t>(seconds), 0};
  nanosleep(&duration, nullptr);
  return 0;
}

RT0_EXPORT int usleep(useconds_t us) {
  const timespec duration{static_cast<time_t>(us / 1'000'000), static_cast<long>(us % 1'000'000) * 1000};
  return nanosleep(&duration, nullptr);
}
