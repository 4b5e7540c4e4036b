#include "runtime/sched/machine.h"

#include <errno.h>

#include <new>

#include "rt0/arch.h"
#include "runtime/base/debug_options.h"
#include "runtime/base/fatal.h"
#include "runtime/base/report.h"
#include "runtime/mem/stack.h"
#include "runtime/sched/placement.h"
#include "runtime/sched/poller.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/runq.h"
#include "runtime/sched/signal.h"
#include "runtime/sched/stop_the_world.h"
#include "runtime/sched/sysmon.h"
#include "sys/cgroup.h"
#include "sys/image/image.h"
#include "sys/mem.h"
#include "sys/process.h"
#include "sys/thread.h"

namespace rt0 {
namespace {

constexpr int system_stack_class = 16;  // g0's and gsignal's: 64 KiB

// A G for the system's own use on a stack of its own: g0 or gsignal.
g* make_system_g() noexcept {
  const auto [place, error] = stack_alloc(system_stack_class, sizeof(g));
  if (error != 0) {
    { report() << "rt0: cannot map the stack of a new thread: errno " << error << "\n"; }
    throw_("newm: out of memory");
  }
  auto* gp = reinterpret_cast<g*>(place.g);
  gp->slot = place.slot;
  gp->stack = {place.lo, place.hi};
  gp->stackguard0 = gp->stackguard1 = place.lo + STACK_GUARD;
  gp->kind = g_kind::system;
  init_tcb(gp);
  return gp;
}

// The M at the top of its g0's stack, which begins below it.
m* allocm() noexcept {
  g* g0 = make_system_g();
  g0->stack.hi = sys::round_down(g0->stack.hi - sizeof(m), alignof(std::max_align_t));
  m* mp = new (reinterpret_cast<void*>(g0->stack.hi)) m{};
  mp->self = mp;
  mp->g0 = g0;
  mp->gsignal = make_system_g();
  g0->m = mp->gsignal->m = mp;
  mp->fastrand = fastrand();
  mcommoninit(mp);
  return mp;
}

[[noreturn]] void thread_limit() noexcept {
  { report() << "runtime: program exceeds " << sched.maxmcount << "-thread limit\n"; }
  throw_("thread exhaustion");
}

[[noreturn]] void no_thread(const m* mp, int error) noexcept {
  {
    report() << "fatal error: newosproc: cannot make kernel thread " << mp->id << ": errno " << error
             << "; RLIMIT_NPROC is " << sys::limit_of(sys::resource::processes).soft << "\n";
  }
  sys::exit_group(exit_fatal);
}

// RT0_DEBUG=failclone=N: the Nth thread fails.
bool fails_by_order(const m* mp) noexcept { return debug.failclone != 0 && mp->id == debug.failclone; }

struct newm_call {
  void (*start)();
  p* pp;
  bool spinning;
};

// On g0, whose stack has room whatever the goroutine's has.
void newm_on_g0(void* arg) {
  const auto& call = *static_cast<const newm_call*>(arg);
  if (sched.pid == 0) sched.pid = rt0_m0.procid = sys::getpid();
  sched.births.lock();
  m* mp = allocm();
  mp->start = call.start;
  mp->nextp = call.pp;
  mp->spinning = call.spinning;
  // Until it has %gs and a signal stack of its own no handler may run on the child; it unblocks them itself.
  constexpr sys::sigset all = ~sys::sigset{0};
  sys::sigset before = 0;
  (void)sys::sigprocmask(sys::mask_how::set, &all, &before);
  const auto started = fails_by_order(mp) ? sys::ret<int>::from_raw(-EAGAIN)
                                          : sys::start_thread(reinterpret_cast<void*>(mp->g0->stack.hi),
                                                              mp->g0, mp, &mp->procid);
  if (!started.ok()) no_thread(mp, started.error());
  (void)sys::sigprocmask(sys::mask_how::set, &before, nullptr);
  sched.births.unlock();
}

// The first time that a second P is wanted: the CPUs that the cgroup's quota pays for, if nobody chose a
// number. Not at the start, where reading the files would cost more than all the rest.
void settle_procs() noexcept RT0_REQUIRES(sched.lock) {
  sched.procs_settled = true;
  int limit = 0;
  // On g0: its buffers are larger than the smallest stack of a goroutine.
  rt0_systemstack([](void* to) { *static_cast<int*>(to) = sys::cgroup_cpu_limit(); }, &limit);
  if (limit == 0 || limit >= sched.gomaxprocs) return;
  // Those that were never used get fewer. P 0 may be idle by now: its M was long in a system call.
  sched.npidle.fetch_sub(sched.gomaxprocs - limit, std::memory_order_seq_cst);
  sched.gomaxprocs = limit;
}

m* mget() noexcept RT0_REQUIRES(sched.lock) {
  m* mp = sched.midle;
  if (mp == nullptr) return nullptr;
  sched.midle = mp->schedlink;
  sched.nmidle--;
  return mp;
}

void mput(m* mp) noexcept RT0_REQUIRES(sched.lock) {
  mp->schedlink = sched.midle;
  sched.midle = mp;
  sched.nmidle++;
  checkdead();
}

}  // namespace

void mcommoninit(m* mp) noexcept {
  lock_guard hold(sched.lock);
  mp->id = sched.mcount++;
  if (sched.mcount > sched.maxmcount) thread_limit();
  mp->alllink = sched.allm.load(std::memory_order_relaxed);
  sched.allm.store(mp, std::memory_order_release);  // pairs with: readers of the list
}

void minit(m* mp) noexcept {
  minit_signals(mp);
  place_as_process();  // the thread that made it may run elsewhere
  if (mp->start != nullptr) mp->start();
  p* pp = mp->nextp;
  mp->nextp = nullptr;
  acquirep(pp);
}

void newm(void (*start)(), p* pp, bool spinning) noexcept {
  newm_call call{start, pp, spinning};
  m_locks_inc();
  rt0_systemstack(newm_on_g0, &call);
  m_locks_dec();
}

void acquirep(p* pp) noexcept {
  m* mp = getm();
  ensure(mp->p == nullptr && pp->m.load(std::memory_order_relaxed) == nullptr, "acquirep: already in use");
  ensure(pp->status.load(std::memory_order_relaxed) == pstatus::idle, "acquirep: P is not idle");
  pp->m.store(mp, std::memory_order_relaxed);
  set_p(mp, pp);
  pp->status.store(pstatus::running, std::memory_order_release);  // pairs with: preemptone's load(acquire)
}

p* releasep() noexcept {
  m* mp = getm();
  p* pp = mp->p;
  ensure(pp != nullptr && pp->m.load(std::memory_order_relaxed) == mp, "releasep: not this M's P");
  ensure(pp->status.load(std::memory_order_relaxed) == pstatus::running, "releasep: P is not running");
  set_p(mp, nullptr);
  pp->m.store(nullptr, std::memory_order_relaxed);
  pp->status.store(pstatus::idle, std::memory_order_release);  // pairs with: preemptone's load(acquire)
  return pp;
}

void pidleput(p* pp) noexcept {
  ensure(runqempty(pp), "pidleput: P has non-empty run queue");
  pp->link = sched.pidle;
  sched.pidle = pp;
  sched.npidle.fetch_add(1, std::memory_order_seq_cst);  // findrunnable's half of wakep's StoreLoad pair
}

p* pidleget() noexcept {
  if (sched.gcwaiting.load(std::memory_order_relaxed)) return nullptr;  // all are about to be counted
  if (!sched.procs_settled) settle_procs();
  p* pp = sched.pidle;
  const std::int32_t fresh = sched.fresh_p.load(std::memory_order_relaxed);
  if (pp != nullptr) {
    sched.pidle = pp->link;
  } else if (fresh < sched.gomaxprocs) {
    pp = &p_at(fresh);
    pp->id = fresh;
    sched.fresh_p.store(fresh + 1, std::memory_order_release);  // pairs with: stealers' load(acquire)
  } else {
    return nullptr;
  }
  sched.npidle.fetch_sub(1, std::memory_order_seq_cst);
  sysmon_wake();
  return pp;
}

int settled_procs() noexcept {
  lock_guard hold(sched.lock);
  if (!sched.procs_settled) settle_procs();
  return sched.gomaxprocs;
}

void startm(p* pp, bool spinning) noexcept {
  m_locks_inc();  // pp is in a local variable only
  sched.lock.lock();
  if (pp == nullptr) pp = pidleget();
  if (pp == nullptr) {
    sched.lock.unlock();
    ensure(!spinning, "startm: P required for spinning=true");
    m_locks_dec();
    return;
  }
  m* mp = mget();
  sched.lock.unlock();
  if (mp == nullptr) {
    sysmon_start();
    newm(nullptr, pp, spinning);
  } else {
    ensure(!mp->spinning && mp->nextp == nullptr, "startm: M is spinning or has a P");
    mp->spinning = spinning;
    mp->nextp = pp;
    mp->park.wakeup();
  }
  m_locks_dec();
}

void park_m() noexcept {
  m* mp = getm();
  mp->park.sleep();
  mp->park.clear();
  acquirep(mp->nextp);
  mp->nextp = nullptr;
}

void stopm() noexcept {
  m* mp = getm();
  ensure(mp->locks == 0 && mp->p == nullptr && !mp->spinning, "stopm: holding locks or a P, or spinning");
  {
    lock_guard hold(sched.lock);
    mput(mp);
  }
  park_m();
}

void handoffp(p* pp) noexcept {
  const bool has_work = !runqempty(pp) || sched.runqsize.load(std::memory_order_relaxed) != 0;
  if (has_work) return startm(pp, false);
  // Nobody looks for work and all others are busy: this P may be the one that is missed.
  std::int32_t none = 0;
  if (sched.nmspinning.load(std::memory_order_seq_cst) == 0 &&
      sched.npidle.load(std::memory_order_seq_cst) == 0 &&
      sched.nmspinning.compare_exchange_strong(none, 1, std::memory_order_seq_cst)) {
    return startm(pp, true);
  }
  sched.lock.lock();
  if (stop_here(pp)) return sched.lock.unlock();
  if (sched.runq.size != 0) {
    sched.lock.unlock();
    return startm(pp, false);
  }
  pidleput(pp);
  sched.lock.unlock();
  // As every M that gives a P up: who submitted to another P's ring before this one was idle woke nobody, and
  // the M that spun when we looked above may have found something else, and nobody to wake, since.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (work_is_queued()) wakep();
  // All heaps, not pp's alone: an M that went to rest may have left its timers to the poller that we were.
  // And what waits for a descriptor: Ms that went to rest before it did are no pollers, and this M will be
  // none, whose goroutine is bound to it or in a system call.   pairs with: park_for's fetch_add(seq_cst)
  const std::int64_t when = earliest_timer();
  if (when != no_timer || sched.netpoll_pending.load(std::memory_order_seq_cst) != 0) wake_poller(when);
}

void wakep() noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  wakep_published();
}

void wakep_published() noexcept {
  if (sched.npidle.load(std::memory_order_seq_cst) == 0) return;
  std::int32_t none = 0;
  if (sched.nmspinning.load(std::memory_order_seq_cst) != 0 ||
      !sched.nmspinning.compare_exchange_strong(none, 1, std::memory_order_seq_cst)) {
    return;
  }
  m_locks_inc();
  sched.lock.lock();
  p* pp = pidleget();
  // Taken back under the lock: an M that gives its P up after this finds us spinning no more, or nobody would
  // look for what a submitter leaves who still saw us.   tests/models/spinning.pml
  if (pp == nullptr) sched.nmspinning.fetch_sub(1, std::memory_order_seq_cst);
  sched.lock.unlock();
  if (pp != nullptr) startm(pp, true);
  m_locks_dec();
}

}  // namespace rt0
