// schedule, findrunnable, execute, mstart: the loop of an M. Source: Go 1.21 proc.go.
//
// One M and one P run here. findrunnable is a list of named steps, to which netpoll, stealing and spinning
// add theirs.
#include "runtime/sched/proc.h"

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/fatal.h"
#include "runtime/base/tables.h"
#include "runtime/sched/runq.h"
#include "sys/clock.h"
#include "sys/futex.h"

namespace rt0 {

constinit schedt sched;
constinit p p0{};
RT0_TABLE constinit p other_p[max_procs - 1]{};

extern "C" {
constinit g0_block rt0_g0_block{};
constinit m rt0_m0{};
}

namespace {

// Runs gp on this M. Never returns.
[[noreturn]] void execute(g* gp) noexcept {
  m* mp = getm();
  casgstatus(gp, gstatus::runnable, gstatus::running);
  mp->curg = gp;
  gp->m = mp;
  rt0_gogo(&gp->sched);
}

g* from_global_queue(p* pp, std::uint32_t max) noexcept {
  lock_guard hold(sched.lock);
  return globrunqget(pp, max);
}

// Once in a while the global queue goes first, or two goroutines that wake each other would own the P for
// ever.
g* global_queue_turn(p* pp) noexcept {
  return pp->schedtick % sched_tick_period == 0 ? from_global_queue(pp, 1) : nullptr;
}

// And then the P's own ring: two goroutines that wake each other through runnext would keep everybody else
// out.
void runnext_gives_way(p* pp) noexcept {
  if (pp->schedtick % sched_tick_period != 0) return;
  if (g* gp = pp->runnext.exchange(nullptr, std::memory_order_acq_rel)) runqput(pp, gp, false);
}

bool run_due_timers(p* pp) noexcept {
  if (pp->timers.next_when() == no_timer) return false;
  return pp->timers.run(sys::nanotime()) > 0;
}

// Sleeps until the next timer, or for ever where only a signal can bring work. Reports a deadlock where
// nothing can.
void idle(m* mp, p* pp) noexcept {
  const std::int64_t when = pp->timers.next_when();
  if (when == no_timer) checkdead();
  (void)sys::futex_wait(reinterpret_cast<const std::uint32_t*>(&mp->park), 0,
                        when == no_timer ? sys::no_deadline : when);
}

g* findrunnable() noexcept {
  m* mp = getm();
  p* pp = mp->p;
  for (;;) {
    (void)run_due_timers(pp);
    if (g* gp = global_queue_turn(pp)) return gp;
    runnext_gives_way(pp);
    if (g* gp = runqget(pp)) return gp;
    if (g* gp = from_global_queue(pp, 0)) return gp;
    idle(mp, pp);
  }
}

}  // namespace

void schedule() noexcept {
  m* mp = getm();
  ensure(mp->locks == 0, "schedule: holding locks");
  execute(findrunnable());
}

// The M's first code on its g0, and the frame that every mcall goes back to. Go's mstart0, mstart1.
extern "C" void rt0_mstart() {
  m* mp = getm();
  ensure(getg() == mp->g0, "bad runtime mstart");
  // mcall and systemstack start on the caller's frame: what lies below is dead once schedule runs.
  mp->g0->sched.sp = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + 2 * sizeof(void*);
  mp->g0->sched.pc = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  mp->g0->sched.g = mp->g0;
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
