#include "runtime/sched/park.h"

#include "rt0/upcalls.h"
#include "runtime/base/debug_options.h"
#include "runtime/base/fatal.h"
#include "runtime/lock/perturb.h"
#include "runtime/sched/gfree.h"
#include "runtime/sched/locked_m.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/poller.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/runq.h"
#include "runtime/sched/syscall.h"
#include "runtime/sched/watch.h"
#include "sys/clock.h"

namespace rt0 {
namespace {

// --- what completes a switch away, run by the next goroutine or on g0: the leaver's registers are saved by
// now

// The wait that `parked` names ends as interrupted, unless it has ended. Another wait has another word.
bool interrupt_parked(g* gp, std::uint64_t parked) noexcept {
  const std::uint64_t generation = parked >> generation_shift;
  return gp->claim.word.compare_exchange_strong(parked, claim_word(generation, claim_state::interrupted),
                                                std::memory_order_acq_rel, std::memory_order_relaxed);
}

// The wait's ticket is armed, and open to what it shall be open to.
void commit_park(g* gp) noexcept {
  std::uint64_t word = gp->claim.word.load(std::memory_order_relaxed);
  const std::uint8_t open = open_to(word);
  const std::uint64_t parked = claim_word(word >> generation_shift, claim_state::parked, open);
  // release, pairs with: claim's CAS(acquire): the claimer makes a goroutine runnable whose context is saved.
  // seq_cst, then the look at attention: StoreLoad against claim_open
  if (state_of(word) == claim_state::armed &&
      gp->claim.word.compare_exchange_strong(word, parked, std::memory_order_seq_cst,
                                             std::memory_order_relaxed)) {
    // From here on gp is anybody's who claims it; a G is always readable.
    if (open == 0 || (gp->attention.load(std::memory_order_seq_cst) & open) == 0) [[likely]]
      return;
    perturb();
    if (!interrupt_parked(gp, parked)) return;
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
  if (gp->attention.load(std::memory_order_relaxed) != 0) [[unlikely]]
    rt0_forget_signals(gp);
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
  casgstatus(gp, gstatus::running, mp->leaving_to);
  mp->curg = nullptr;
  gp->m = nullptr;
  after(gp);
  schedule();
}

// The scheduler has to be asked: on every 61st departure it looks at the timers and the global queue (two
// goroutines that play ping-pong never reach it otherwise); the P is wanted back; a goroutine bound to its M
// leaves the M to nobody else.
[[gnu::always_inline]] inline bool scheduler_is_due(const g* gp, p* pp) noexcept {
  return ++pp->schedtick % sched_tick_period == 0 || pp->preempt.load(std::memory_order_relaxed) ||
         sched.gcwaiting.load(std::memory_order_relaxed) ||
         gp->lockedm.load(std::memory_order_relaxed) != nullptr;
}

// The P's next goroutine, if the running one may switch to it directly.
[[gnu::always_inline]] inline g* next_directly(p* pp) noexcept {
  const runq_taken next = runqget(pp);
  if (next.gp == nullptr) return nullptr;
  if (next.gp->lockedm.load(std::memory_order_relaxed) != nullptr) [[unlikely]] {
    put_global(next.gp);  // it gets to its M through schedule(), here or where somebody is idle
    wakep();
    return nullptr;
  }
  if (!next.inherits) begin_slice(pp);
  return next.gp;
}

void leave_hooked() noexcept {
  perturb();
  if (debug.check != 0) check_leaving();
}

[[gnu::always_inline]] inline m* m_to_leave() noexcept {
  if (debug.hooks != 0) [[unlikely]]
    leave_hooked();
  m* mp = getm();
  ensure(mp->locks == 0, "park while holding a runtime lock");
  ensure(mp->insig == 0 && mp->p != nullptr, "park in a signal handler");
  return mp;
}

// The running goroutine leaves its M in the new status; After(gp) completes it. Returns when it is resumed.
//
// Straight to the P's next goroutine if there is one: no g0, one change of %fs instead of two.
template <gstatus To, void (*After)(g*)>
[[gnu::always_inline]] inline void leave_for(m* mp, g* gp, g* next) noexcept {
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
[[gnu::always_inline]] inline void leave() noexcept {
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

bool claim(wait_ticket ticket, claim_state how) noexcept {
  const claimed outcome = try_claim(ticket, how);
  if (outcome == claimed::won_parked) goready(ticket.gp);
  return outcome != claimed::lost;
}

bool claim_open(g* gp, std::uint8_t bit) noexcept {
  perturb();
  // seq_cst, after the bit was raised: StoreLoad against commit_park
  const std::uint64_t word = gp->claim.word.load(std::memory_order_seq_cst);
  if (state_of(word) != claim_state::parked || (open_to(word) & bit) == 0) return false;
  if (interrupt_parked(gp, word)) goready(gp);
  return true;  // or somebody else ended this wait: it looks at its attention when it goes on
}

bool is_closed(const g* gp, std::uint8_t bit) noexcept {
  const std::uint64_t word = gp->claim.word.load(std::memory_order_relaxed);
  return state_of(word) == claim_state::parked && (open_to(word) & bit) == 0;
}

claim_state gopark(wait_ticket ticket, wait_reason why, std::int64_t deadline_ns) noexcept {
  const with_p have_p;
  g* gp = ticket.gp;
  gp->why = why;
  const std::uint32_t now_s = sched.now_s.load(std::memory_order_relaxed);
  gp->tcb.waitsince_s = now_s != 0 ? now_s : seconds_of(sys::nanotime());
  const bool timed = deadline_ns >= 0 && deadline_ns != no_timer;
  if (timed) arm(gp->wait_timer, deadline_ns, ticket.generation);
  leave<gstatus::waiting, commit_park>();
  // False: it fired. It may still be about to claim; the generation makes that harmless.
  if (timed) (void)timers::remove(gp->wait_timer);
  return state_of(gp->claim.word.load(std::memory_order_acquire));  // pairs with: try_claim CAS(release)
}

claim_state sleep_until(std::int64_t deadline_ns, std::uint8_t open_to) noexcept {
  if (deadline_ns > sys::nanotime()) return gopark(begin_wait(open_to), wait_reason::sleep, deadline_ns);
  yield();
  return claim_state::timed_out;
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
