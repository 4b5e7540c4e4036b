// Sleeping: on the scheduler's timers, never in the kernel.
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/export.h"
#include "runtime/libc/clock.h"
#include "runtime/libc/pthread/cancel.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/park.h"
#include "runtime/signal/attend.h"
#include "sys/clock.h"

namespace rt0::libc {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

timespec until(std::int64_t deadline_ns) noexcept {
  const std::int64_t left_ns = deadline_ns - sys::nanotime();
  if (left_ns <= 0) return {};
  return {left_ns / ns_per_s, left_ns % ns_per_s};
}

}  // namespace
}  // namespace rt0::libc

using namespace rt0::libc;

// Returns an error number. A handler ends it, with SA_RESTART too.
RT0_EXPORT int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* rest) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_TAI) {
    return clock == CLOCK_PROCESS_CPUTIME_ID ? ENOTSUP : EINVAL;
  }
  std::int64_t deadline_ns;
  const bool absolute = (flags & TIMER_ABSTIME) != 0;
  const bool valid = absolute ? deadline_from(clock, time, deadline_ns) : deadline_after(time, deadline_ns);
  if (!valid) return EINVAL;
  const rt0::interruption since;
  for (;;) {
    act_on_cancel();
    rt0::claim_state how;
    {
      const open_to_cancel open;
      how = rt0::sleep_until(deadline_ns, rt0::open_bits());
    }
    rt0::attend();
    if (how != rt0::claim_state::interrupted) break;
    if (!since.handler_ran()) continue;
    if (!absolute && rest != nullptr) *rest = until(deadline_ns);
    return EINTR;
  }
  act_on_cancel();
  return 0;
}

RT0_EXPORT int nanosleep(const timespec* duration, timespec* rest) {
  const int error = clock_nanosleep(CLOCK_REALTIME, 0, duration, rest);
  if (error != 0) errno = error;
  return error == 0 ? 0 : -1;
}

RT0_EXPORT unsigned sleep(unsigned seconds) {
  timespec left{static_cast<time_t>(seconds), 0};
  if (nanosleep(&left, &left) == 0) return 0;
  return static_cast<unsigned>(left.tv_sec + (left.tv_nsec >= ns_per_s / 2 ? 1 : 0));
}

RT0_EXPORT int usleep(useconds_t us) {
  const timespec duration{static_cast<time_t>(us / 1'000'000), static_cast<long>(us % 1'000'000) * 1000};
  return nanosleep(&duration, nullptr);
}
