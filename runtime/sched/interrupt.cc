#include "runtime/sched/interrupt.h"

#include <signal.h>

#include "rt0/arch.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/park.h"
#include "runtime/sched/sysmon.h"
#include "sys/process.h"

namespace rt0 {

void urge(m* mp) noexcept {
  // One at a time: a handler that found nothing to inject is asked again by sysmon's next tick.
  // pairs with: give_way's store(release)
  if (mp->signal_pending.exchange(1, std::memory_order_acq_rel) == 0) {
    (void)sys::tgkill(sched.pid, mp->procid, SIGURG);
  }
}

void interrupt(g* gp, std::uint8_t bit) noexcept {
  m_locks_inc();
  // seq_cst, before the looks at the wait and at the M: StoreLoad against commit_park and rt0_open_syscall
  const std::uint8_t before = gp->attention.fetch_or(bit, std::memory_order_seq_cst);
  if ((bit & ~before & attend_signal) != 0) {
    sched.attentive.fetch_add(1, std::memory_order_relaxed);
  }
  if (!claim_open(gp, bit)) {
    m* mp = __atomic_load_n(&gp->m, __ATOMIC_RELAXED);
    if (mp != nullptr && mp != getm()) urge(mp);
  }
  m_locks_dec();
}

void attended(g* gp, std::uint8_t bit) noexcept {
  const std::uint8_t before =
      gp->attention.fetch_and(static_cast<std::uint8_t>(~bit), std::memory_order_seq_cst);
  if ((before & bit & attend_signal) != 0) sched.attentive.fetch_sub(1, std::memory_order_relaxed);
}

void urge_attentive() noexcept {
  for (m* mp = sched.allm.load(std::memory_order_acquire); mp != nullptr; mp = mp->alllink) {
    const g* gp = __atomic_load_n(&mp->curg, __ATOMIC_RELAXED);
    if (gp != nullptr && (gp->attention.load(std::memory_order_relaxed) & attend_signal) != 0) urge(mp);
  }
}

}  // namespace rt0
