// pthread_cancel, and what a thread does about it: cancel.h.
#include <pthread.h>

#include <cerrno>

#include "runtime/base/export.h"
#include "runtime/libc/members/core_abi.h"
#include "runtime/libc/pthread/cancel.h"
#include "runtime/libc/pthread/thread.h"

using namespace rt0::libc;

RT0_EXPORT int pthread_cancel(pthread_t thread) {
  rt0::g* gp = thread_of(thread);
  if (gp->thread.join.load(std::memory_order_acquire) >= ended) return ESRCH;  // pairs with: the thread's end
  // seq_cst, before the interruption looks where the thread is.
  const std::uint32_t before = gp->thread.cancel.fetch_or(cancel_requested, std::memory_order_seq_cst);
  if ((before & cancel_requested) == 0) rt0_interrupt_to_end(gp);
  if (gp == rt0::getg() && (before & cancel_asynchronous) != 0) act_on_cancel();
  return 0;
}

extern "C" void rt0_cancel_self() {
  constexpr std::uint8_t all_but_it = static_cast<std::uint8_t>(~rt0::attend_cancel);
  rt0::getg()->attention.fetch_and(all_but_it, std::memory_order_relaxed);  // sysmon does not count this bit
  pthread_exit(PTHREAD_CANCELED);
}
