// Source: Go 1.21 proc.go sysmon, retake. Differs: a goroutine is preempted only if something else wants its
// P; and what wakes sysmon from its long sleep does not make it look every 20 us at once.
#include "runtime/sched/sysmon.h"

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/debug_options.h"
#include "runtime/sched/idle_memory.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/poller.h"
#include "runtime/sched/preempt.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/runq.h"
#include "runtime/sched/signal.h"
#include "runtime/sched/syscall.h"
#include "sys/clock.h"

namespace rt0 {
namespace {

constexpr std::int64_t slice_ns = 10'000'000;             // Go's forcePreemptNS
constexpr std::int64_t syscall_patience_ns = 10'000'000;  // even if nobody wants the P: Go's number
constexpr std::int64_t min_delay_ns = 20'000, max_delay_ns = 10'000'000;
constexpr std::int64_t wanted_delay_ns = 2'000'000, timer_delay_ns = 1'000'000, poll_delay_ns = 1'000'000;
constexpr std::int64_t timer_grace_ns = 100'000;  // so late, a timer's P will not look at it any more
constexpr std::int64_t ns_per_ms = 1'000'000, cycle_period_ns = 500'000'000;
constexpr int quick_rounds = 50;  // in which nothing was taken, at the shortest delay; then longer ones

// Something else could run on pp.
bool is_wanted(p& pp, std::int64_t now_ns) noexcept {
  return !runqempty(&pp) || sched.runqsize.load(std::memory_order_relaxed) != 0 ||
         pp.timers.next_when() <= now_ns;
}

// pp's goroutine has had its time, system calls included, and something else waits.
bool slice_is_over(p& pp, std::int64_t now_ns) noexcept {
  const std::uint32_t slice = pp.slicetick.load(std::memory_order_relaxed);
  if (pp.seen.slice != slice || pp.seen.slice_since_ns == 0) {
    pp.seen.slice = slice;
    pp.seen.slice_since_ns = now_ns;
    return false;
  }
  return now_ns - pp.seen.slice_since_ns >= slice_ns && is_wanted(pp, now_ns);
}

// RT0_DEBUG=stall=MS. Once a slice: it began when we first saw it.
void look_for_stall(p& pp, std::int64_t now_ns) noexcept {
  const std::int64_t ran_ms = (now_ns - pp.seen.slice_since_ns) / ns_per_ms;
  if (ran_ms < debug.stall || pp.seen.stalled_slice == pp.seen.slice) return;
  pp.seen.stalled_slice = pp.seen.slice;
  const m* mp = pp.m.load(std::memory_order_relaxed);
  const g* gp = mp != nullptr ? mp->curg : nullptr;
  if (gp != nullptr) rt0_report_stall(gp, ran_ms);
}

// RT0_DEBUG=stall=MS, of an M whose goroutine has been in one system call for so long, whoever has its P by
// now. Between two looks at one tick it cannot have been anywhere else.
void look_for_stalled_call(m& it, std::int64_t now_ns) noexcept {
  const g* gp = it.curg;
  const std::uint32_t tick = it.syscalltick.load(std::memory_order_relaxed);
  if (gp == nullptr || gp->kind == g_kind::system || readgstatus(gp) != gstatus::syscall) {
    it.seen = {tick, false, 0};
  } else if (it.seen.tick != tick || it.seen.since_ns == 0) {
    it.seen = {tick, false, now_ns};
  } else if (!it.seen.reported && now_ns - it.seen.since_ns >= debug.stall * ns_per_ms) {
    it.seen.reported = true;
    rt0_report_stalled_call(&it, gp, (now_ns - it.seen.since_ns) / ns_per_ms);
  }
}

void look_for_stalled_calls(std::int64_t now_ns) noexcept {
  // pairs with: mcommoninit's store(release)
  for (m* mp = sched.allm.load(std::memory_order_acquire); mp != nullptr; mp = mp->alllink) {
    look_for_stalled_call(*mp, now_ns);
  }
}

// RT0_DEBUG=lockcycle=1. Until one is found; each look stops everything for a moment.
void look_for_cycles(std::int64_t now_ns) noexcept {
  static constinit std::int64_t next_ns = 0;
  if (now_ns < next_ns) return;
  next_ns = rt0_report_cycles() ? no_timer : now_ns + cycle_period_ns;
}

// True: pp's goroutine was asked to give way, and has not yet. Where the signal found it in the runtime's own
// code nothing was injected: it is asked again soon.
bool end_long_slice(p& pp, std::int64_t now_ns) noexcept {
  // Late timers wait for a look of the scheduler only: no need of a signal before the slice is over.
  if (pp.timers.next_when() <= now_ns - timer_grace_ns) pp.preempt.store(true, std::memory_order_relaxed);
  const bool over = slice_is_over(pp, now_ns);
  if (debug.stall > 0) [[unlikely]]
    look_for_stall(pp, now_ns);
  if (!over) return false;
  preemptone(&pp);
  return true;
}

// True: pp was taken from an M that blocks.
bool retake_from_syscall(p& pp, std::int64_t now_ns) noexcept {
  // One short call after another: no signal finds such a goroutine in its own code. So its P is taken in any
  // of them (Go's sysretake).
  const bool slice_over = slice_is_over(pp, now_ns);
  const std::uint32_t call = pp.syscalltick.load(std::memory_order_relaxed);
  if (!slice_over && (pp.seen.syscall != call || pp.seen.syscall_since_ns == 0)) {
    pp.seen.syscall = call;
    pp.seen.syscall_since_ns = now_ns;
    return false;
  }
  // Nothing to run here, and somebody else is there for what comes: leave it, or sysmon could not sleep.
  const bool others_look =
      sched.nmspinning.load(std::memory_order_relaxed) + sched.npidle.load(std::memory_order_relaxed) > 0;
  if (!is_wanted(pp, now_ns) && others_look && pp.seen.syscall_since_ns + syscall_patience_ns > now_ns) {
    return false;
  }
  pstatus s = pstatus::syscall;
  // pairs with: exitsyscall's CAS: one of us has the P
  if (!pp.status.compare_exchange_strong(s, pstatus::idle, std::memory_order_acq_rel,
                                         std::memory_order_relaxed)) {
    return false;
  }
  advance(pp.syscalltick);
  handoffp(&pp);
  return true;
}

struct looked {
  int taken = 0;        // Ps that were taken from blocked Ms, or asked for
  bool wanted = false;  // a goroutine waits for a P that is busy
};

looked retake(std::int64_t now_ns) noexcept {
  looked found;
  const int used = sched.fresh_p.load(std::memory_order_acquire);  // pairs with: pidleget's store(release)
  for (int i = 0; i < used; i++) {
    p& pp = p_at(i);
    bool took = false;
    switch (pp.status.load(std::memory_order_acquire)) {
      case pstatus::running: took = end_long_slice(pp, now_ns); break;
      case pstatus::syscall: took = retake_from_syscall(pp, now_ns); break;
      default: continue;
    }
    if (took) found.taken++;
    found.wanted = found.wanted || is_wanted(pp, now_ns);
  }
  return found;
}

// The delay that sysmon may sleep now. Somebody who waits for a P must not wait for us as well: a slice is
// seen to begin, and to be over, within 2 ms. A timer that a busy P looks at too late is seen at its time.
std::int64_t bounded(std::int64_t delay_ns, bool wanted, std::int64_t now_ns) noexcept {
  if (wanted && delay_ns > wanted_delay_ns) delay_ns = wanted_delay_ns;
  if (sched.attentive.load(std::memory_order_relaxed) != 0 && delay_ns > timer_delay_ns) {
    delay_ns = timer_delay_ns;
  }
  // The poller may have left with what it found (proc.cc resetspinning).
  if (sched.netpoll_pending.load(std::memory_order_relaxed) != 0 &&
      sched.npidle.load(std::memory_order_relaxed) != 0 && delay_ns > poll_delay_ns) {
    delay_ns = poll_delay_ns;
  }
  const std::int64_t next_ns = earliest_timer();
  if (next_ns == no_timer) return delay_ns;
  std::int64_t until_ns = next_ns - now_ns + timer_grace_ns;
  if (until_ns < timer_delay_ns) until_ns = timer_delay_ns;
  return delay_ns < until_ns ? delay_ns : until_ns;
}

// Everything rests: sleeps until a P is used. False: something runs, or memory waits to be given back.
bool long_sleep() noexcept {
  if (debug.lockcycle != 0 || debug.stall > 0) return false;
  const auto at_rest = [] {
    return sched.gcwaiting.load(std::memory_order_relaxed) ||
           sched.npidle.load(std::memory_order_relaxed) == sched.gomaxprocs;
  };
  if (!at_rest()) return false;
  {
    lock_guard hold(sched.lock);
    if (!at_rest()) return false;
    sched.sysmonwait.store(true, std::memory_order_relaxed);
  }
  sched.now_s.store(0, std::memory_order_relaxed);
  const std::int64_t memory_due_ns = idle_memory_due_ns();
  if (memory_due_ns != no_timer && !sched.sysmonnote.sleep_until(memory_due_ns)) {
    // Nobody woke us, but somebody may be about to: whoever takes the flag down under the lock does.
    lock_guard hold(sched.lock);
    if (sched.sysmonwait.exchange(false, std::memory_order_relaxed)) return false;
  }
  sched.sysmonnote.sleep();
  sched.sysmonnote.clear();
  return true;
}

[[noreturn]] void sysmon() {
  {
    lock_guard hold(sched.lock);
    sched.nmsys++;
    checkdead();
  }
  std::int64_t delay_ns = min_delay_ns, sleep_ns = delay_ns;
  for (int idle_rounds = 0;;) {
    if (idle_rounds == 0) {
      delay_ns = min_delay_ns;
    } else if (idle_rounds > quick_rounds && delay_ns < max_delay_ns) {
      delay_ns = delay_ns * 2 < max_delay_ns ? delay_ns * 2 : max_delay_ns;
    }
    sys::sleep_ns(sleep_ns < delay_ns ? sleep_ns : delay_ns);
    if (long_sleep()) {
      // A process that works for a moment now and then must not pay for 50 quick rounds each time.
      idle_rounds = quick_rounds + 1;
      delay_ns = max_delay_ns;
      sleep_ns = bounded(max_delay_ns, false, sys::nanotime());
      continue;
    }
    const std::int64_t now_ns = sys::nanotime();
    sched.now_s.store(seconds_of(now_ns), std::memory_order_relaxed);
    if (earliest_timer() <= now_ns - timer_grace_ns) startm(nullptr, false);
    if (sched.lastpoll_ns.load(std::memory_order_relaxed) != 0) (void)netpoll();  // all are busy
    const looked found = retake(now_ns);
    if (sched.attentive.load(std::memory_order_relaxed) != 0) urge_attentive();
    idle_rounds = found.taken != 0 ? 0 : idle_rounds + 1;
    sleep_ns = bounded(max_delay_ns, found.wanted, now_ns);
    return_idle_memory(now_ns);
    if (debug.lockcycle != 0) [[unlikely]]
      look_for_cycles(now_ns);
    if (debug.stall > 0) [[unlikely]]
      look_for_stalled_calls(now_ns);
  }
}

}  // namespace

void sysmon_start() noexcept {
  if (sched.sysmon_started.exchange(true, std::memory_order_acq_rel)) return;
  preempt_init();
  newm(reinterpret_cast<void (*)()>(&sysmon), nullptr, false);
}

void sysmon_wake() noexcept {
  if (!sched.sysmonwait.load(std::memory_order_relaxed)) return;
  sched.sysmonwait.store(false, std::memory_order_relaxed);
  sched.sysmonnote.wakeup();
}

}  // namespace rt0
