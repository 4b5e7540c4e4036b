#include "runtime/sched/syscall.h"

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/fatal.h"
#include "runtime/sched/locked_m.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/runq.h"
#include "runtime/sched/stop_the_world.h"

namespace rt0 {
namespace {

// The world is being stopped while we enter: the P is counted, by us or by the stopper.
void entersyscall_gcwait(void* p_arg) {
  p* pp = static_cast<p*>(p_arg);
  lock_guard hold(sched.lock);
  if (sched.stopwait > 0) stop_in_syscall(pp);
}

void handoff_on_g0(void*) { handoffp(releasep()); }

bool old_p_is_ours(m* mp) noexcept {
  p* pp = mp->oldp;
  pstatus s = pstatus::syscall;
  // acquire, pairs with: the release by whoever had it last. It may be in another M's system call by now: it
  // is anybody's all the same. pairs with: retake's and stop_in_syscall's CAS
  if (pp == nullptr || !pp->status.compare_exchange_strong(s, pstatus::running, std::memory_order_acq_rel,
                                                           std::memory_order_relaxed)) {
    return false;
  }
  pp->m.store(mp, std::memory_order_relaxed);
  set_p(mp, pp);
  return true;
}

void take_idle_p(void* got) {
  sched.lock.lock();
  p* pp = pidleget();
  sched.lock.unlock();
  if (pp != nullptr) acquirep(pp);
  *static_cast<bool*>(got) = pp != nullptr;
}

// No P to be had: the goroutine waits for one, the M sleeps. On g0.
void exitsyscall0(g* gp) {
  m* mp = getm();
  casgstatus(gp, gstatus::syscall, gstatus::runnable);
  const bool bound = mp->lockedg == gp;
  mp->curg = nullptr;
  gp->m = nullptr;
  sched.lock.lock();
  p* pp = pidleget();
  if (pp == nullptr) globrunqput(gp);
  sched.lock.unlock();
  if (pp != nullptr) {
    acquirep(pp);
    execute(gp, false);
  }
  if (bound) {
    stoplockedm();
    execute(gp, false);
  }
  stopm();
  schedule();
}

}  // namespace

bool has_p_to_give() noexcept {
  const m* mp = getm();
  return mp->p != nullptr && mp->curg != nullptr && mp->locks == 0 && mp->insig == 0;
}

bool entersyscall() noexcept {
  m* mp = getm();
  if (!has_p_to_give()) return false;
  m_locks_inc();
  p* pp = mp->p;
  advance(mp->syscalltick);
  casgstatus(mp->curg, gstatus::running, gstatus::syscall);
  mp->oldp = pp;
  set_p(mp, nullptr);
  pp->m.store(nullptr, std::memory_order_relaxed);
  // seq_cst, then the look at gcwaiting: begin_stop stores gcwaiting, then looks at the status. One of the
  // two sees the other (StoreLoad).
  pp->status.store(pstatus::syscall, std::memory_order_seq_cst);
  if (sched.gcwaiting.load(std::memory_order_seq_cst)) rt0_systemstack(entersyscall_gcwait, pp);
  m_locks_dec();
  return true;
}

bool entersyscallblock() noexcept {
  m* mp = getm();
  if (!has_p_to_give()) return false;
  m_locks_inc();
  advance(mp->syscalltick);
  casgstatus(mp->curg, gstatus::running, gstatus::syscall);
  mp->oldp = mp->p;
  advance(mp->p->syscalltick);
  rt0_systemstack(handoff_on_g0, nullptr);
  m_locks_dec();
  return true;
}

void exitsyscall() noexcept {
  m* mp = getm();
  g* gp = mp->curg;
  m_locks_inc();
  bool has_p = old_p_is_ours(mp);
  if (!has_p) rt0_systemstack(take_idle_p, &has_p);
  m_locks_dec();
  if (!has_p) {
    rt0_mcall(exitsyscall0);
    return rt0_finish_switch();  // who switched to us directly is not on any queue yet
  }
  advance(mp->p->syscalltick);
  casgstatus(gp, gstatus::syscall, gstatus::running);
}

bool with_p::take() noexcept {
  const m* mp = getm();
  const g* gp = getg();
  // Not a signal handler, the scheduler itself, or an M that never had one.
  if (gp != mp->curg || mp->insig != 0 || readgstatus(gp) != gstatus::syscall) return false;
  exitsyscall();
  return true;
}

}  // namespace rt0
