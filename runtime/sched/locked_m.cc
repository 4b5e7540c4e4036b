#include "runtime/sched/locked_m.h"

#include "rt0/arch.h"
#include "runtime/base/fatal.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/proc.h"

namespace rt0 {
namespace {

// Ms that wait for their goroutine count as idle in checkdead.
void count_idle(int change) noexcept {
  lock_guard hold(sched.lock);
  sched.nmidlelocked += change;
  if (change > 0) checkdead();
}

}  // namespace

void lock_os_thread() noexcept {
  m_locks_inc();
  m* mp = getm();
  mp->lockedg_depth++;
  mp->lockedg = mp->curg;
  mp->curg->lockedm = mp;
  m_locks_dec();
}

bool unlock_os_thread() noexcept {
  m_locks_inc();
  m* mp = getm();
  const bool bound = mp->lockedg_depth != 0 && mp->lockedg == mp->curg;
  if (bound && --mp->lockedg_depth == 0) {
    mp->lockedg = nullptr;
    mp->curg->lockedm = nullptr;
  }
  m_locks_dec();
  return bound;
}

void stoplockedm() noexcept {
  m* mp = getm();
  if (mp->p != nullptr) handoffp(releasep());
  count_idle(1);
  park_m();
  ensure(readgstatus(mp->lockedg) == gstatus::runnable, "stoplockedm: not runnable");
}

void startlockedm(g* gp) noexcept {
  m* mp = gp->lockedm;
  ensure(mp != getm() && mp->nextp == nullptr, "startlockedm: locked to me, or the M has a P");
  count_idle(-1);
  p* pp = releasep();
  mp->nextp = pp;
  mp->park.wakeup();
  stopm();
}

void forget_locked(g* gp) noexcept {
  m* mp = gp->lockedm;
  if (mp == nullptr) return;
  gp->lockedm = nullptr;
  mp->lockedg = nullptr;
  mp->lockedg_depth = 0;
}

}  // namespace rt0
