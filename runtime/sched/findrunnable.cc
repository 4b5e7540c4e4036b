// Source: Go 1.21 proc.go findRunnable, stealWork, checkRunqsNoP, checkTimersNoP.
//
// Differs: an M that gives up its P looks at all timers, whether it was spinning or not; one idle M sleeps
// with a deadline for all of them (poller.h).
#include "runtime/sched/findrunnable.h"

#include "rt0/arch.h"
#include "runtime/base/fatal.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/poller.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/stop_the_world.h"
#include "sys/clock.h"

namespace rt0 {
namespace {

constexpr int steal_rounds = 4;
constexpr runq_taken nothing{nullptr, false};

bool run_due_timers(p* pp) noexcept {
  const std::int64_t when = pp->timers.next_when();
  if (when == no_timer) return false;
  const std::int64_t now_ns = sys::nanotime();
  return when <= now_ns && pp->timers.run(now_ns) > 0;
}

g* from_global_queue(p* pp, std::uint32_t max) noexcept {
  if (sched.runqsize.load(std::memory_order_relaxed) == 0) return nullptr;
  lock_guard hold(sched.lock);
  return globrunqget(pp, max);
}

// Once in a while the global queue goes first, or two goroutines that wake each other would own the P for
// ever. And then the P's own ring: two that wake each other through runnext would keep everybody else out.
g* everybody_gets_a_turn(p* pp) noexcept {
  if (pp->schedtick % sched_tick_period != 0) return nullptr;
  pp->schedtick++;  // one turn: a goroutine whose P is taken in system calls never counts on
  (void)netpoll();
  if (g* gp = from_global_queue(pp, 1)) return gp;
  if (g* gp = pp->runnext.exchange(nullptr, std::memory_order_acq_rel)) runqput(pp, gp, false);
  return nullptr;
}

void become_spinning(m* mp) noexcept {
  mp->spinning = true;
  sched.nmspinning.fetch_add(1, std::memory_order_seq_cst);
}

// Not more than half of the busy Ps look for work at a time: else many idle Ms would burn CPU for little
// work.
bool may_spin(const m* mp) noexcept {
  if (mp->spinning) return true;
  const std::int32_t busy = sched.gomaxprocs - sched.npidle.load(std::memory_order_relaxed);
  return 2 * sched.nmspinning.load(std::memory_order_relaxed) < busy;
}

// From the other Ps: half of a ring; in the last round their due timers, and a runnext that its P leaves
// there.
runq_taken steal_work(p* pp) noexcept {
  const auto used = static_cast<std::uint32_t>(sched.fresh_p.load(std::memory_order_acquire));
  for (int round = 0; round < steal_rounds; round++) {
    const bool last = round == steal_rounds - 1;
    const auto start = static_cast<std::uint32_t>(fastrand() % used);
    for (std::uint32_t i = 0; i < used; i++) {
      p* victim = &p_at(static_cast<int>((start + i) % used));
      if (sched.gcwaiting.load(std::memory_order_relaxed)) return nothing;
      if (victim == pp) continue;
      if (last && run_due_timers(victim)) {
        const runq_taken mine = runqget(pp);  // a timer makes its goroutine ready where it is run
        if (mine.gp != nullptr) return mine;
      }
      if (g* gp = runqsteal(pp, victim, last)) return {gp, false};
    }
  }
  return nothing;
}

// Work on any queue: what an M looks for after it gave its P up. An idle P then; nullptr: none.
p* p_for_missed_work() noexcept {
  if (!work_is_queued()) return nullptr;
  lock_guard hold(sched.lock);
  return pidleget();
}

// Sleeps as the poller until a timer is due, or an operation is complete, and a P is free for it. nullptr:
// somebody else is the poller, or there is nothing to wait for, or no P: the M may go to sleep for good.
p* wait_as_poller() noexcept {
  for (;;) {
    const std::int64_t when = earliest_timer();
    const bool io = sched.netpoll_pending.load(std::memory_order_seq_cst) != 0;  // pairs with: need_poller
    if ((when == no_timer && !io) || !poll(when)) return nullptr;
    if (!poller_has_work()) continue;
    lock_guard hold(sched.lock);
    return pidleget();
  }
}

enum class given_up { no, yes };

// Gives the P to the idle list, unless there is work after all: then next is it, or nothing, to look again.
given_up give_up_p(p* pp, runq_taken& next) noexcept {
  lock_guard hold(sched.lock);
  if (sched.gcwaiting.load(std::memory_order_relaxed)) return given_up::no;
  if (sched.runq.size != 0) {
    next = {globrunqget(pp, 0), false};
    return given_up::no;
  }
  (void)releasep();
  pidleput(pp);
  return given_up::yes;
}

// Without a P: the last looks, then sleep. Returns with a P, to look again.
void rest(m* mp) noexcept {
  // Delicate: the P went to the idle list, then nmspinning falls, then we look at all queues again. A
  // submitter publishes its work, then looks at nmspinning and npidle (wakep). All seq_cst: one of us sees
  // the other. tests/models/spinning.pml
  if (mp->spinning) {
    mp->spinning = false;
    sched.nmspinning.fetch_sub(1, std::memory_order_seq_cst);
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
  p* pp = p_for_missed_work();
  mp->polled = pp == nullptr;
  if (pp == nullptr) pp = wait_as_poller();
  if (pp == nullptr) return stopm();
  acquirep(pp);
  become_spinning(mp);
}

}  // namespace

runq_taken findrunnable() noexcept {
  m* mp = getm();
  for (;;) {
    p* pp = mp->p;
    if (sched.gcwaiting.load(std::memory_order_relaxed)) {
      gcstopm();
      continue;
    }
    pp->preempt.store(false, std::memory_order_relaxed);
    (void)run_due_timers(pp);
    if (g* gp = everybody_gets_a_turn(pp)) return {gp, false};
    runq_taken next = runqget(pp);
    if (next.gp != nullptr) return next;
    if (g* gp = from_global_queue(pp, 0)) return {gp, false};
    if (netpoll()) continue;
    if (may_spin(mp)) {
      if (!mp->spinning) become_spinning(mp);
      next = steal_work(pp);
      if (next.gp != nullptr) return next;
    }
    if (give_up_p(pp, next) == given_up::yes) {
      rest(mp);
    } else if (next.gp != nullptr) {
      return next;
    }
  }
}

}  // namespace rt0
