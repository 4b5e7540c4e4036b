#include "runtime/sched/park.h"

#include "rt0/upcalls.h"
#include "runtime/base/fatal.h"
#include "runtime/lock/perturb.h"
#include "runtime/sched/gfree.h"
#include "runtime/sched/locked_m.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/poller.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/runq.h"
#include "runtime/sched/syscall.h"
#include "sys/clock.h"

namespace rt0 {
namespace {

constexpr int generation_shift = 3;

constexpr std::uint64_t claim_word(std::uint64_t generation, claim_state s) {
  return generation << generation_shift | static_cast<std::uint64_t>(s);
}
constexpr claim_state state_of(std::uint64_t word) {
  return static_cast<claim_state>(word & ((1u << generation_shift) - 1));
}

// --- what completes a switch away, run by the next goroutine or on g0: the leaver's registers are saved by
// now

void commit_park(g* gp) noexcept {
  std::uint64_t word = gp->claim.word.load(std::memory_order_relaxed);
  const std::uint64_t generation = word >> generation_shift;
  // release, pairs with: claim's CAS(acquire): the claimer makes a goroutine runnable whose context is saved
  if (state_of(word) == claim_state::armed &&
      gp->claim.word.compare_exchange_strong(word, claim_word(generation, claim_state::parked),
                                             std::memory_order_release, std::memory_order_relaxed)) {
    return;
  }
  goready(gp);  // claimed while it was leaving
}

// Who gives way submits, as a maker of goroutines does: an M that gave up looking a moment ago has seen
// neither this goroutine nor the one that runs now, which was taken from the queue before this one came (Go's
// issue 55160). Without a fence: who misses the idle P sees it at the next yield, or when the slice is over.
void commit_yield(g* gp) noexcept {
  runqput(getm()->p, gp, false);
  if (sched.npidle.load(std::memory_order_relaxed) != 0) wakep();
}

void commit_preempt(g* gp) noexcept {
  put_global(gp);
  wakep();
}

void commit_exit(g* gp) noexcept {
  forget_locked(gp);
  if (gp->exited != nullptr) {
    gp->exited(gp);
  } else {
    gfput(getm()->p, gp);
  }
}

// The rest of leave() on g0.
void leave_on_g0(g* gp) {
  m* mp = getm();
  const auto after = mp->after;
  mp->after = nullptr;
  mp->curg = nullptr;
  gp->m = nullptr;
  casgstatus(gp, gstatus::running, mp->leaving_to);
  after(gp);
  schedule();
}

// The scheduler has to be asked: on every 61st departure it looks at the timers and the global queue (two
// goroutines that play ping-pong never reach it otherwise); the P is wanted back; a goroutine bound to its M
// leaves the M to nobody else.
[[gnu::always_inline]] inline bool scheduler_is_due(const g* gp, p* pp) noexcept {
  return ++pp->schedtick % sched_tick_period == 0 || pp->preempt.load(std::memory_order_relaxed) ||
         sched.gcwaiting.load(std::memory_order_relaxed) || gp->lockedm != nullptr;
}

// The P's next goroutine, if the running one may switch to it directly.
[[gnu::always_inline]] inline g* next_directly(p* pp) noexcept {
  const runq_taken next = runqget(pp);
  if (next.gp == nullptr) return nullptr;
  if (next.gp->lockedm != nullptr) [[unlikely]] {
    put_global(next.gp);  // it gets to its M through schedule(), here or where somebody is idle
    wakep();
    return nullptr;
  }
  if (!next.inherits) begin_slice(pp);
  return next.gp;
}

[[gnu::always_inline]] inline m* m_to_leave() noexcept {
  perturb();
  m* mp = getm();
  ensure(mp->locks == 0, "park while holding a runtime lock");
  ensure(mp->insig == 0 && mp->p != nullptr, "park in a signal handler");
  return mp;
}

// The running goroutine leaves its M in the new status; After(gp) completes it. Returns when it is resumed.
//
// Straight to the P's next goroutine if there is one: no g0, one change of %fs instead of two.
template <gstatus To, void (*After)(g*)>
void leave_for(m* mp, g* gp, g* next) noexcept {
  mp->after = After;
  if (next == nullptr) {
    mp->leaving_to = To;
    rt0_mcall(leave_on_g0);
  } else {
    mp->after_g = gp;
    casgstatus(gp, gstatus::running, To);
    casgstatus(next, gstatus::runnable, gstatus::running);
    gp->m = nullptr;
    next->m = mp;
    mp->curg = next;
    rt0_switch(&gp->sched, &next->sched);
  }
  rt0_finish_switch();
}

template <gstatus To, void (*After)(g*)>
void leave() noexcept {
  m* mp = m_to_leave();
  g* gp = mp->curg;
  leave_for<To, After>(mp, gp, scheduler_is_due(gp, mp->p) ? nullptr : next_directly(mp->p));
}

void wait_timer_fired(timer* t, std::uint64_t generation) {
  auto* gp = reinterpret_cast<g*>(reinterpret_cast<char*>(t) - offsetof(g, wait_timer));
  claim({gp, generation}, claim_state::timed_out);
}

// Arms the running goroutine's timer. If its P goes on with somebody else, the poller shall know of it.
void arm(timer& t, std::int64_t deadline_ns, std::uint64_t generation) noexcept {
  t.when_ns = deadline_ns;
  t.fire = wait_timer_fired;
  t.tag = generation;
  m_locks_inc();
  p* pp = getm()->p;
  if (pp->timers.add(t) && !runqempty(pp)) wake_poller(deadline_ns);
  m_locks_dec();
}

}  // namespace

extern "C" void rt0_finish_switch() {
  m* mp = getm();
  if (mp->after == nullptr) return;
  const auto after = mp->after;
  mp->after = nullptr;
  after(mp->after_g);
}

wait_ticket begin_wait() noexcept {
  g* gp = getg();
  const std::uint64_t generation = (gp->claim.word.load(std::memory_order_relaxed) >> generation_shift) + 1;
  // The ticket is published by its owner's own release (a bucket's lock, a timer's lock).
  gp->claim.word.store(claim_word(generation, claim_state::armed), std::memory_order_relaxed);
  return {gp, generation};
}

claimed try_claim(wait_ticket ticket, claim_state how) noexcept {
  perturb();
  std::uint64_t word = ticket.gp->claim.word.load(std::memory_order_relaxed);
  for (;;) {
    if (word >> generation_shift != ticket.generation) return claimed::lost;
    const claim_state now = state_of(word);
    if (now != claim_state::armed && now != claim_state::parked) return claimed::lost;
    // acquire, pairs with: commit_park CAS(release). release, pairs with: gopark's final load(acquire)
    if (ticket.gp->claim.word.compare_exchange_weak(word, claim_word(ticket.generation, how),
                                                    std::memory_order_acq_rel, std::memory_order_relaxed)) {
      return now == claim_state::parked ? claimed::won_parked : claimed::won_leaving;
    }
  }
}

bool claim(wait_ticket ticket, claim_state how) noexcept {
  const claimed outcome = try_claim(ticket, how);
  if (outcome == claimed::won_parked) goready(ticket.gp);
  return outcome != claimed::lost;
}

claim_state gopark(wait_ticket ticket, wait_reason why, std::int64_t deadline_ns) noexcept {
  const with_p have_p;
  g* gp = ticket.gp;
  gp->why = why;
  const bool timed = deadline_ns >= 0 && deadline_ns != no_timer;
  if (timed) arm(gp->wait_timer, deadline_ns, ticket.generation);
  leave<gstatus::waiting, commit_park>();
  // False: it fired. It may still be about to claim; the generation makes that harmless.
  if (timed) (void)timers::remove(gp->wait_timer);
  return state_of(gp->claim.word.load(std::memory_order_acquire));  // pairs with: try_claim CAS(release)
}

void sleep_until(std::int64_t deadline_ns) noexcept {
  if (deadline_ns <= sys::nanotime()) return yield();
  (void)gopark(begin_wait(), wait_reason::sleep, deadline_ns);
}

void yield() noexcept {
  const with_p have_p;
  m* mp = m_to_leave();
  g* gp = mp->curg;
  g* next = nullptr;
  if (!scheduler_is_due(gp, mp->p)) {
    next = next_directly(mp->p);
    // Nobody is there: the common case of a loop that polls.
    if (next == nullptr && sched.runqsize.load(std::memory_order_relaxed) == 0) return;
  }
  leave_for<gstatus::runnable, commit_yield>(mp, gp, next);
}

void preempt_park() noexcept { leave<gstatus::runnable, commit_preempt>(); }

void goready(g* gp) noexcept {
  casgstatus(gp, gstatus::waiting, gstatus::runnable);
  m_locks_inc();
  if (p* pp = getm()->p) {
    runqput(pp, gp, true);
    wakep_published();  // runnext's exchange is the barrier
  } else {
    put_global(gp);
    wakep();
  }
  m_locks_dec();
}

void goexit() noexcept {
  leave<gstatus::dead, commit_exit>();
  throw_("goexit: a dead goroutine was resumed");
}

// The frame under every goroutine returns here.
extern "C" void rt0_goexit1() { goexit(); }

}  // namespace rt0
