// Ps: how many there are. Source: Go 1.21 proc.go procresize.
//
// Differs: Ps lie in zeroed tables instead of the heap, and a P that was never used is not touched: a
// zeroed P is an idle one. A process that needs one P pays for one.
#include "rt0/arch.h"
#include "runtime/base/fatal.h"
#include "runtime/sched/gfree.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/runq.h"

namespace rt0 {
namespace {

static_assert(static_cast<int>(pstatus::idle) == 0, "a zeroed P is idle");

// The running M's own P must be one of those that stay: else it goes on with P 0.
void keep_a_p(int n) noexcept {
  m* mp = getm();
  if (mp->p != nullptr && mp->p->id < n) return;
  if (mp->p != nullptr) mp->p->m.store(nullptr, std::memory_order_relaxed);
  set_p(mp, &p0);
  p0.m.store(mp, std::memory_order_relaxed);
}

// pp ends: what it holds goes to the global lists, its timers to P 0.
void destroy(p* pp) noexcept RT0_REQUIRES(sched.lock) {
  runq_to_global(pp);
  pp->timers.move_to(p0.timers);
  gfpurge(pp);
  cache_purge(mcache_of(pp));
  pp->status.store(pstatus::dead, std::memory_order_relaxed);
}

}  // namespace

void procresize(int n) noexcept {
  ensure(sched.world_stopped, "procresize: the world is not stopped");
  ensure(n >= 1 && n <= max_procs, "procresize: invalid argument");
  keep_a_p(n);
  lock_guard hold(sched.lock);
  sched.gomaxprocs = n;
  int used = sched.fresh_p.load(std::memory_order_relaxed);
  if (used == 0) sched.fresh_p.store(used = 1, std::memory_order_release);
  for (int i = n; i < used; i++) {
    if (p_at(i).status.load(std::memory_order_relaxed) != pstatus::dead) destroy(&p_at(i));
  }
}

// Every P but the running M's is idle, or dead. Those that hold goroutines are returned, linked.
p* procs_to_idle() noexcept {
  p* mine = getm()->p;
  p* runnable = nullptr;
  const int used = sched.fresh_p.load(std::memory_order_relaxed);
  sched.pidle = nullptr;
  const int never_used = sched.gomaxprocs > used ? sched.gomaxprocs - used : 0;
  sched.npidle.store(never_used, std::memory_order_seq_cst);
  const int live = used < sched.gomaxprocs ? used : sched.gomaxprocs;
  for (int i = live - 1; i >= 0; i--) {
    p* pp = &p_at(i);
    pp->preempt.store(false, std::memory_order_relaxed);
    if (pp == mine) {
      pp->status.store(pstatus::running, std::memory_order_release);
      continue;
    }
    pp->m.store(nullptr, std::memory_order_relaxed);
    pp->status.store(pstatus::idle, std::memory_order_release);
    if (runqempty(pp)) {
      pidleput(pp);
    } else {
      pp->link = runnable;
      runnable = pp;
    }
  }
  return runnable;
}

}  // namespace rt0
