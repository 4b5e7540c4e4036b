#include "runtime/sched/locked_m.h"

#include "rt0/arch.h"
#include "runtime/base/fatal.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/placement.h"
#include "runtime/sched/proc.h"

namespace rt0 {
namespace {

// Ms that wait for their goroutine count as idle in checkdead.
void count_idle(int change) noexcept {
  lock_guard hold(sched.lock);
  sched.nmidlelocked += change;
  if (change > 0) checkdead();
}

void bind(m* mp, g* gp) noexcept {
  mp->lockedg = gp;
  // pairs with: startlockedm load(acquire), and with the release of the mark's setting
  if (gp->lockedm.exchange(mp, std::memory_order_acq_rel) == to_be_bound()) take_place(mp, gp);
}

}  // namespace

bool bind_here(g* gp) noexcept {
  if (gp->lockedm.load(std::memory_order_relaxed) != to_be_bound()) return false;
  bind(getm(), gp);
  return true;
}

void lock_os_thread() noexcept {
  m_locks_inc();
  m* mp = getm();
  mp->lockedg_depth++;
  if (mp->lockedg == nullptr) bind(mp, mp->curg);
  m_locks_dec();
}

bool unlock_os_thread() noexcept {
  m_locks_inc();
  m* mp = getm();
  const bool bound = mp->lockedg_depth != 0 && mp->lockedg == mp->curg;
  if (bound && --mp->lockedg_depth == 0) unbind_unless_placed(mp, mp->curg);
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
  m* mp = gp->lockedm.load(std::memory_order_acquire);  // pairs with: bind's store(release)
  ensure(mp != getm() && mp->nextp == nullptr, "startlockedm: locked to me, or the M has a P");
  count_idle(-1);
  p* pp = releasep();
  mp->nextp = pp;
  mp->park.wakeup();
  stopm();
}

void forget_locked(g* gp) noexcept {
  m* mp = gp->lockedm.load(std::memory_order_relaxed);
  if (mp == nullptr) return;
  gp->lockedm.store(nullptr, std::memory_order_relaxed);
  forget_place(mp, gp);
  if (mp == to_be_bound()) return;
  mp->lockedg = nullptr;
  mp->lockedg_depth = 0;
}

}  // namespace rt0
