#include "runtime/sched/stop_the_world.h"

#include "rt0/arch.h"
#include "runtime/base/fatal.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/preempt.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/runq.h"
#include "runtime/sched/sysmon.h"
#include "sys/clock.h"

namespace rt0 {
namespace {

// A P whose goroutine could not be preempted where it was is asked again so often.
constexpr std::int64_t ask_again_ns = 100'000;

void count_stopped() noexcept RT0_REQUIRES(sched.lock) {
  ensure(sched.stopwait > 0, "stop_the_world: a P was counted twice");
  if (--sched.stopwait == 0) sched.stopnote.wakeup();
}

// Counts everybody who can be counted at once; true: others remain.
bool begin_stop() noexcept {
  lock_guard hold(sched.lock);
  ensure(!sched.gcwaiting.load(std::memory_order_relaxed), "stop_the_world: the world is being stopped");
  const int used = sched.fresh_p.load(std::memory_order_relaxed);
  // Those never used nobody can run: pidleget hands none out from now on.
  sched.stopwait = used < sched.gomaxprocs ? used : sched.gomaxprocs;
  sched.stopnote.clear();
  // seq_cst: an M that enters a system call stores its P's status, then loads this; we load the status after
  sched.gcwaiting.store(true, std::memory_order_seq_cst);
  preemptall();
  getm()->p->status.store(pstatus::gcstop, std::memory_order_relaxed);
  count_stopped();
  for (int i = 0; i < used; i++) stop_in_syscall(&p_at(i));
  while (sched.pidle != nullptr) {
    p* pp = sched.pidle;
    sched.pidle = pp->link;
    pp->status.store(pstatus::gcstop, std::memory_order_relaxed);
    count_stopped();
  }
  sched.npidle.store(0, std::memory_order_seq_cst);  // not even those never used are to be had
  return sched.stopwait > 0;
}

// Ps are to be had again. Returns those with goroutines.
p* restart() noexcept {
  lock_guard hold(sched.lock);
  sched.world_stopped = false;
  sched.gcwaiting.store(false, std::memory_order_seq_cst);
  p* runnable = procs_to_idle();
  sysmon_wake();
  return runnable;
}

}  // namespace

void stop_in_syscall(p* pp) noexcept {
  pstatus s = pstatus::syscall;
  // pairs with: exitsyscall's and sysmon's CAS: whoever wins has the P
  if (pp->status.compare_exchange_strong(s, pstatus::gcstop, std::memory_order_acq_rel,
                                         std::memory_order_relaxed)) {
    count_stopped();
  }
}

bool stop_here(p* pp) noexcept {
  if (!sched.gcwaiting.load(std::memory_order_relaxed)) return false;
  pp->status.store(pstatus::gcstop, std::memory_order_relaxed);
  count_stopped();
  return true;
}

void stop_the_world() noexcept {
  m_locks_inc();
  if (begin_stop()) {
    while (!sched.stopnote.sleep_until(sys::nanotime() + ask_again_ns)) preemptall();
  }
  sched.world_stopped = true;
}

void start_the_world_alone() noexcept {
  ensure(restart() == nullptr, "start_the_world_alone: a P holds goroutines");
  m_locks_dec();
}

void start_the_world() noexcept {
  p* runnable = restart();
  while (runnable != nullptr) {
    p* pp = runnable;
    runnable = pp->link;
    startm(pp, false);
  }
  // A goroutine on the global queue, or on this P, that somebody else could run.
  wakep();
  m_locks_dec();
}

void gcstopm() noexcept {
  m* mp = getm();
  if (mp->spinning) {
    mp->spinning = false;
    sched.nmspinning.fetch_sub(1, std::memory_order_seq_cst);
  }
  p* pp = releasep();
  {
    lock_guard hold(sched.lock);
    // The world cannot have been started again: it waits for this P.
    ensure(stop_here(pp), "gcstopm: nobody stops the world");
  }
  stopm();
}

}  // namespace rt0
