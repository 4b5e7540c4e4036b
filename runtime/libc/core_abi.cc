#include "runtime/libc/members/core_abi.h"

#include <errno.h>

#include "runtime/base/export.h"
#include "runtime/io/fd_kind.h"
#include "runtime/io/netpoll.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/sched/interrupt.h"
#include "runtime/signal/attend.h"

RT0_EXPORT void* rt0_unwind_room() { return &rt0::getg()->thread.unwind; }

RT0_EXPORT void rt0_interrupt_to_end(rt0::g* thread) { rt0::interrupt(thread, rt0::attend_cancel); }

RT0_EXPORT void rt0_thread_end(void* result) { rt0::libc::thread_end(result); }

RT0_EXPORT void rt0_heap_measure(rt0::heap_figures* to) { *to = rt0::heap_measure(); }

RT0_EXPORT bool rt0_heap_trim() { return rt0::heap_trim(); }

RT0_EXPORT void rt0_goroutine_end() { rt0::libc::goroutine_end(); }

RT0_EXPORT long rt0_io_try(const rt0::ring_op* op, rt0::io_seen* seen) {
  *seen = rt0::netpoll_look(op->fd);
  return rt0::netpoll_try(*op, *seen, true);
}

// A handler that ran meanwhile ends nothing: the API has stop tokens for that.
RT0_EXPORT long rt0_io_complete(const rt0::ring_op* op, const rt0::io_seen* tried, std::int64_t deadline_ns,
                                rt0::io_waiter* waiter) {
  long result = 0;
  do {
    result = rt0::netpoll_complete(*op, tried, deadline_ns, *waiter);
    rt0::attend();
  } while (result == -EINTR && !rt0::asked_to_end());
  return result;
}

RT0_EXPORT void rt0_io_cancel(rt0::io_waiter* waiter) { rt0::netpoll_cancel(*waiter); }

RT0_EXPORT bool rt0_io_on_disk(int fd) {
  const rt0::fd_kind kind = rt0::kind_of(fd);
  return kind == rt0::fd_kind::regular || kind == rt0::fd_kind::other;
}

RT0_EXPORT void rt0_io_forget(int fd) {
  if (fd >= 0) rt0::netpoll_forget(static_cast<unsigned>(fd), static_cast<unsigned>(fd));
}
