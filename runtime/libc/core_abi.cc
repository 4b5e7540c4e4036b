#include "runtime/libc/members/core_abi.h"

#include <errno.h>

#include "runtime/base/export.h"
#include "runtime/io/attempt.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/sched/interrupt.h"
#include "runtime/signal/attend.h"

RT0_EXPORT void* rt0_unwind_room() { return &rt0::getg()->thread.unwind; }

RT0_EXPORT void rt0_interrupt_to_end(rt0::g* thread) { rt0::interrupt(thread, rt0::attend_cancel); }

RT0_EXPORT void rt0_thread_end(void* result) { rt0::libc::thread_end(result); }

RT0_EXPORT void rt0_heap_measure(rt0::heap_figures* to) { *to = rt0::heap_measure(); }

RT0_EXPORT bool rt0_heap_trim() { return rt0::heap_trim(); }

RT0_EXPORT void rt0_goroutine_end() { rt0::libc::goroutine_end(); }

RT0_EXPORT long rt0_io_attempt(const rt0::ring_op* op) { return rt0::attempt(*op); }

RT0_EXPORT long rt0_io_run(const rt0::ring_op* op, std::int64_t deadline_ns, rt0::io_waiter* waiter) {
  if (!rt0::netpoll_can(*op)) return -ENOSYS;
  for (;;) {
    const long result = rt0::netpoll_run(*op, deadline_ns, *waiter);
    rt0::attend();
    if (result != -EINTR) return result;
  }
}

RT0_EXPORT void rt0_io_cancel(rt0::io_waiter* waiter) { rt0::netpoll_cancel(*waiter); }
