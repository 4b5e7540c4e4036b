// Source: Go 1.21 proc.go preemptone, preemptall, gopreempt_m; signal_unix.go preemptM.
#include "runtime/sched/preempt.h"

#include <signal.h>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/debug_options.h"
#include "runtime/sched/park.h"
#include "sys/process.h"

namespace rt0 {

void preemptone(p* pp) noexcept {
  // pairs with: acquirep's store(release). An M that is no longer pp's gets a signal for nothing.
  if (pp->status.load(std::memory_order_acquire) != pstatus::running) return;
  m* mp = pp->m.load(std::memory_order_relaxed);
  if (mp == nullptr || mp == getm()) return;
  pp->preempt.store(true, std::memory_order_relaxed);
  if (debug.asyncpreemptoff != 0) return;
  // One at a time: a handler that found nothing to inject is asked again by the next tick.
  if (mp->signal_pending.exchange(1, std::memory_order_acq_rel) == 0) {
    (void)sys::tgkill(sched.pid, mp->procid, SIGURG);
  }
}

void preemptall() noexcept {
  const int used = sched.fresh_p.load(std::memory_order_acquire);  // pairs with: pidleget's store(release)
  for (int i = 0; i < used; i++) preemptone(&p_at(i));
}

// Where rt0_asyncpreempt leads, all registers saved. On the goroutine's stack; returns when it is run again.
extern "C" void rt0_asyncpreempt2() { preempt_park(); }

}  // namespace rt0
