#include "runtime/libc/blocking.h"

#include <errno.h>
#include <sys/syscall.h>

#include <cstdint>

#include "rt0/arch.h"
#include "runtime/sched/m.h"
#include "runtime/sched/syscall.h"
#include "sys/clock.h"
#include "sys/passthrough.h"

namespace rt0::libc {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

// The duration of a call that the kernel never restarts after a signal (signal(7)), in milliseconds. ppoll
// and pselect6 need none: the kernel writes what is left into the program's timespec.
long* duration_ms(long nr, call_args& x) noexcept {
  switch (nr) {
    case SYS_poll: return &x.c;
    case SYS_epoll_wait:
    case SYS_epoll_pwait: return &x.d;
  }
  return nullptr;
}

long bare(long nr, const call_args& x) noexcept { return sys::passthrough(nr, x.a, x.b, x.c, x.d, x.e, x.f); }

// The runtime's own signal interrupts a call just as a program's handler would, but that is no reason to tell
// the program: the call is made again, with what is left of its time.
long uninterrupted(long nr, call_args& x) noexcept {
  long* const ms = duration_ms(nr, x);
  const bool timed = ms != nullptr && static_cast<int>(*ms) > 0;
  const std::int64_t until_ns = timed ? sys::nanotime() + *ms * ns_per_ms : 0;
  const auto& own_signals = getm()->own_signals;  // of this M: it keeps the goroutine during the call
  for (;;) {
    const std::uint32_t before = own_signals.load(std::memory_order_relaxed);
    const long result = bare(nr, x);
    if (result != -EINTR || own_signals.load(std::memory_order_relaxed) == before) return result;
    // The descriptor is free whatever close answers, and may be another goroutine's new file by now.
    if (nr == SYS_close) return result;
    if (!timed) continue;
    const std::int64_t left_ns = until_ns - sys::nanotime();
    *ms = left_ns > 0 ? (left_ns + ns_per_ms - 1) / ns_per_ms : 0;
  }
}

}  // namespace

long blocking_call(long nr, call_args x) noexcept {
  if (!entersyscall()) return bare(nr, x);
  const long result = uninterrupted(nr, x);
  exitsyscall();
  return result;
}

}  // namespace rt0::libc
