// What a child keeps of its parent's scheduler, and how it forgets the rest. Source: glibc's fork for what a
// child shall find (arch_fork, __reclaim_stacks, fresetlockfiles), Go's runtime for nothing: Go has no fork.
//
//   kept      the running M with its stacks, the running goroutine, its P; dead goroutines on the free lists
//             (of every P too: the world is stopped, so nobody is half-way in one)
//   emptied   run queues, timers, the wait table: who stood there is not in the child
//   left      all other goroutines. Their stacks stay readable for as long as the child lives and are not
//   behind    used again: main's variables are on one, if a thread forked. They are known by their ids, which
//             are not above last_goid_of_parent: the child touches none of them, since writing to 10,000 Gs
//             would copy 10,000 pages, mostly for a process that calls exec next. Who joins one finds it
//             ended.
//   gone      all other Ms: their g0 stacks are addresses that nobody uses again. sysmon, too: a child that
//             makes no goroutine needs none; newproc1 and startm start it, as in any process.
//
// Lists that are emptied need no lock in the parent, whatever state they are in.
#include "runtime/sched/fork.h"

#include "rt0/arch.h"
#include "runtime/base/fatal.h"
#include "runtime/sched/gfree.h"
#include "sys/clock.h"
#include "sys/process.h"

namespace rt0 {
namespace {

void keep_one_m(m* mp) noexcept RT0_REQUIRES(sched.lock) {
  sched.pid = mp->procid = sys::getpid();
  mp->id = 0;
  mp->alllink = mp->schedlink = nullptr;
  // What others asked of it, they ask the parent's.
  mp->signal_pending.store(0, std::memory_order_relaxed);
  mp->call.store(0, std::memory_order_relaxed);
  sched.allm.store(mp, std::memory_order_relaxed);
  sched.mcount = 1;
  sched.midle = nullptr;
  sched.nmidle = sched.nmidlelocked = 0;
  sched.nmsys = 0;
  sched.nmspinning.store(0, std::memory_order_relaxed);
  sched.now_s.store(0, std::memory_order_relaxed);
  sched.sysmon_started.store(false, std::memory_order_relaxed);
  sched.sysmonwait.store(false, std::memory_order_relaxed);
  sched.sysmonnote.clear();
}

// Thread or goroutine of rt::go: its end is the end of the process now, with status 0.
void keep_one_g(g* gp) noexcept {
  sched.last_goid_of_parent = sched.goidgen.load(std::memory_order_relaxed);
  sched.forked = gp;
  gp->kind = g_kind::thread;
  sched.nthreads.store(1, std::memory_order_relaxed);
  sched.ngsys.store(0, std::memory_order_relaxed);
}

void empty(p* pp) noexcept {
  pp->runqhead.store(pp->runqtail.load(std::memory_order_relaxed), std::memory_order_relaxed);
  pp->runnext.store(nullptr, std::memory_order_relaxed);
  pp->goidcache = pp->goidcacheend = 0;  // ids that are not the parent's
  pp->goroutines.store(0, std::memory_order_relaxed);
  pp->seen = {};
  pp->timers.forget_all();
}

}  // namespace

void sched_fork_prepare() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS {
  ensure(sched.world_stopped, "fork: the world is not stopped");
  sched.births.lock();
  sched.lock.lock();
  gfree_lock();
}

void sched_fork_parent() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS {
  gfree_unlock();
  sched.lock.unlock();
  sched.births.unlock();
}

void sched_fork_child() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS {
  m* mp = getm();
  keep_one_m(mp);
  keep_one_g(mp->curg);
  const int used = sched.fresh_p.load(std::memory_order_relaxed);
  for (int i = 0; i < used; i++) empty(&p_at(i));
  sched.runq = {};
  sched.runqsize.store(0, std::memory_order_relaxed);
  sched.lastpoll_ns.store(sys::nanotime(), std::memory_order_relaxed);
  sched.poll_until_ns.store(0, std::memory_order_relaxed);
  sched.poll_break.clear();
  sched_fork_parent();  // the locks are the child's as well
}

}  // namespace rt0
