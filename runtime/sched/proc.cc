// schedule, execute, mstart: the loop of an M. Source: Go 1.21 proc.go.
#include "runtime/sched/proc.h"

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/fatal.h"
#include "runtime/base/tables.h"
#include "runtime/sched/findrunnable.h"
#include "runtime/sched/locked_m.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/poller.h"
#include "runtime/sched/runq.h"

namespace rt0 {

constinit schedt sched;
constinit p p0{};
RT0_TABLE constinit heap_cache mcaches[max_procs]{};
RT0_TABLE constinit p other_p[max_procs - 1]{};

extern "C" {
constinit g0_block rt0_g0_block{};
constinit m rt0_m0{};
}

extern "C" held_locks* rt0_held_locks() { return &getm()->held; }

namespace {

// An M that found work while it spun: the next one shall look, if nobody else does.
void resetspinning(m* mp) noexcept {
  mp->spinning = false;
  const std::int32_t before = sched.nmspinning.fetch_sub(1, std::memory_order_seq_cst);
  ensure(before > 0, "findrunnable: negative nmspinning");
  // There may be more where that came from. M wake-up is deliberately somewhat conservative: see machine.h.
  //
  // Not if the poller took a single goroutine: a server's requests would each wake a second M, which becomes
  // the poller and then wakes the first. Meanwhile nobody polls, which sysmon bounds (poller.h). Who
  // submitted work or a timer while we spun has left it to us: we look after nmspinning fell, as rest() does.
  const bool alone = mp->polled && !work_is_queued() && earliest_timer() == no_timer;
  mp->polled = false;
  if (!alone) wakep();
}

// This P will be busy: its timers must not wait for it.
void tell_poller(const p* pp) noexcept {
  const std::int64_t when = pp->timers.next_when();
  if (when != no_timer) wake_poller(when);
}

}  // namespace

void execute(g* gp, bool inherits) noexcept {
  m* mp = getm();
  casgstatus(gp, gstatus::runnable, gstatus::running);
  mp->curg = gp;
  gp->m = mp;
  if (!inherits) begin_slice(mp->p);
  rt0_gogo(&gp->sched);
}

void schedule() noexcept {
  m* mp = getm();
  ensure(mp->locks == 0, "schedule: holding locks");
  if (mp->lockedg != nullptr) {
    stoplockedm();
    execute(mp->lockedg, false);
  }
  for (;;) {
    const runq_taken next = findrunnable();
    if (mp->spinning) resetspinning(mp);
    // startlockedm gives our P away, then sleeps; awake again, we have another.
    if (next.gp->lockedm.load(std::memory_order_relaxed) != nullptr && !bind_here(next.gp)) {
      startlockedm(next.gp);
      continue;
    }
    tell_poller(mp->p);
    execute(next.gp, next.inherits);
  }
}

// The M's first code on its g0, and the frame that every mcall goes back to. Go's mstart0, mstart1.
extern "C" void rt0_mstart() {
  m* mp = getm();
  ensure(getg() == mp->g0, "bad runtime mstart");
  // mcall and systemstack start on the caller's frame: what lies below is dead once schedule runs.
  mp->g0->sched.sp = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + 2 * sizeof(void*);
  mp->g0->sched.pc = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  mp->g0->sched.g = mp->g0;
  if (mp != &rt0_m0) minit(mp);
  schedule();
}

extern "C" void rt0_badmcall() { throw_("runtime: mcall called on m->g0 stack"); }
extern "C" void rt0_badmcall2() { throw_("runtime: mcall function returned"); }
extern "C" void rt0_badsystemstack() { throw_("systemstack called from unexpected goroutine"); }

std::uint64_t fastrand() noexcept {
  // splitmix64 (Steele, Lea, Flood 2014).
  std::uint64_t z = getm()->fastrand += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace rt0
