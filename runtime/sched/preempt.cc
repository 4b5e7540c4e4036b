// Source: Go 1.21 proc.go preemptone, preemptall, gopreempt_m; signal_unix.go preemptM.
#include "runtime/sched/preempt.h"

#include "rt0/arch.h"
#include "runtime/base/debug_options.h"
#include "runtime/sched/interrupt.h"

namespace rt0 {

void preemptone(p* pp) noexcept {
  // pairs with: acquirep's store(release). An M that is no longer pp's gets a signal for nothing.
  if (pp->status.load(std::memory_order_acquire) != pstatus::running) return;
  m* mp = pp->m.load(std::memory_order_relaxed);
  if (mp == nullptr || mp == getm()) return;
  pp->preempt.store(true, std::memory_order_relaxed);
  if (debug.asyncpreemptoff != 0) return;
  urge(mp);
}

void preemptall() noexcept {
  const int used = sched.fresh_p.load(std::memory_order_acquire);  // pairs with: pidleget's store(release)
  for (int i = 0; i < used; i++) preemptone(&p_at(i));
}

}  // namespace rt0
