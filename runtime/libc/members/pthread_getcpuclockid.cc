// pthread_getcpuclockid. The kernel counts the time of kernel threads, so that a goroutine has a clock of its
// own only while it is bound to one (pthread_setaffinity_np); the caller may have that of the kernel thread
// which it runs on, as CLOCK_THREAD_CPUTIME_ID is. POSIX's error for "no such clock" otherwise.
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/sched/locked_m.h"

RT0_EXPORT int pthread_getcpuclockid(pthread_t thread, clockid_t* clock) noexcept {
  const rt0::g* gp = rt0::libc::thread_of(thread);
  const rt0::m* bound = gp->lockedm.load(std::memory_order_acquire);
  if (gp == rt0::getg()) {
    *clock = CLOCK_THREAD_CPUTIME_ID;
  } else if (bound != nullptr && bound != rt0::to_be_bound()) {
    constexpr int of_one_thread = 4, cpu_time = 2;  // Linux: a clock id made of a kernel thread's number
    *clock = ~bound->procid * 8 | of_one_thread | cpu_time;
  } else {
    return ENOENT;
  }
  return 0;
}
