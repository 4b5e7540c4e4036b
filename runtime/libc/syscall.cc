// syscall() and __syscall_cp: the two doors by which a program's system calls reach the kernel.
//
// syscall() is C's function: libstdc++ makes atomic::wait, latch, semaphore, future and its guards of static
// variables from SYS_futex through it. __syscall_cp is musl's hidden one, through which every call passes
// that may block.
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>

#include "runtime/base/export.h"
#include "runtime/base/report.h"
#include "runtime/libc/blocking.h"
#include "runtime/libc/clock.h"
#include "runtime/libc/fork.h"
#include "runtime/libc/members/core_abi.h"
#include "runtime/libc/pthread/affinity.h"
#include "runtime/signal/attend.h"
#include "runtime/sync/wait_table.h"

namespace rt0::libc {
namespace {

long futex_wait(const call_args& x, int operation) noexcept {
  std::int64_t deadline_ns = forever;
  if (const auto* time = reinterpret_cast<const timespec*>(x.d)) {
    // FUTEX_WAIT takes a duration, FUTEX_WAIT_BITSET a point in time.
    const clockid_t clock = (x.b & FUTEX_CLOCK_REALTIME) != 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    const bool valid =
        operation == FUTEX_WAIT ? deadline_after(time, deadline_ns) : deadline_from(clock, time, deadline_ns);
    if (!valid) return -EINVAL;
  }
  const auto* word = reinterpret_cast<const std::uint32_t*>(x.a);
  const interruption since;
  for (;;) {
    switch (wait_if_equal(word, static_cast<std::uint32_t>(x.c), deadline_ns, wait_reason::futex)) {
      case wait_result::woken:
      case wait_result::handed: return 0;
      case wait_result::timed_out: return -ETIMEDOUT;
      case wait_result::not_equal: return -EAGAIN;
      case wait_result::interrupted: break;
    }
    // With a time it never restarts (signal(7)).
    if (since.ends_call(deadline_ns == forever)) return -EINTR;
  }
}

// A futex of goroutines: private or shared is one, since the process is alone with it.
long futex(const call_args& x) noexcept {
  const int operation = static_cast<int>(x.b) & FUTEX_CMD_MASK;
  switch (operation) {
    case FUTEX_WAIT: return futex_wait(x, operation);
    case FUTEX_WAIT_BITSET:
      return static_cast<std::uint32_t>(x.f) == FUTEX_BITSET_MATCH_ANY ? futex_wait(x, operation) : -ENOSYS;
    case FUTEX_WAKE: return wake(reinterpret_cast<const void*>(x.a), static_cast<int>(x.c));
    case FUTEX_WAKE_BITSET:
      return static_cast<std::uint32_t>(x.f) == FUTEX_BITSET_MATCH_ANY
                 ? wake(reinterpret_cast<const void*>(x.a), static_cast<int>(x.c))
                 : -ENOSYS;
  }
  { report() << "rt0: futex operation " << operation << " is not supported\n"; }
  return -ENOSYS;
}

// fork by its older name: the child is a process of its own, on a copy of the caller's stack. What shares
// memory, or anything that the runtime relies on, is refused.
long clone_process(const call_args& x) noexcept {
  constexpr long allowed = CSIGNAL | CLONE_PARENT | CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET |
                           CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWUTS | CLONE_IO;
  if ((x.a & ~allowed) != 0 || x.b != 0) return -ENOSYS;
  return copy_process(static_cast<unsigned long>(x.a));
}

// What would pull the kernel thread from under the goroutines is refused; rseq, for one, would let the kernel
// write into a dead goroutine's thread-local storage.
long dispatch(long nr, const call_args& x) noexcept {
  switch (nr) {
    case SYS_futex: return futex(x);
    case SYS_sched_yield: ::sched_yield(); return 0;
    case SYS_fork:
    case SYS_vfork: return copy_process(SIGCHLD);
    case SYS_clone: return clone_process(x);
    case SYS_execve:
    case SYS_execveat: return rt0_exec(nr, x.a, x.b, x.c, x.d, x.e);
    case SYS_rseq:
    case SYS_set_robust_list:
    case SYS_get_robust_list:
    case SYS_arch_prctl:
    case SYS_set_tid_address:
    case SYS_clone3:
    case SYS_exit: return -ENOSYS;
  }
  long result = 0;
  return scheduling_call(nr, x, result) ? result : blocking_call(nr, x);
}

}  // namespace
}  // namespace rt0::libc

RT0_EXPORT long syscall(long nr, ...) {
  va_list list;
  va_start(list, nr);
  rt0::libc::call_args x{};
  for (long* word : {&x.a, &x.b, &x.c, &x.d, &x.e, &x.f}) *word = va_arg(list, long);
  va_end(list);
  const long result = rt0::libc::dispatch(nr, x);
  if (result >= -4095 && result < 0) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
}

// The call holds its M; the P goes on without it if it takes long.
RT0_EXPORT long __syscall_cp(long nr, long a, long b, long c, long d, long e, long f) {
  return rt0::libc::blocking_call(nr, {a, b, c, d, e, f});
}

RT0_EXPORT int sched_yield() {
  rt0::yield();
  rt0::attend();
  return 0;
}
