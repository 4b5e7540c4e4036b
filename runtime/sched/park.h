// Parking: how a goroutine waits, and how exactly one event ends its wait.
//
// Every wait has a ticket: the goroutine and a generation. Whoever wants to end it (a waker, the timer, a
// cancellation) claims the ticket by one CAS on the goroutine's claim word; the first wins, the others touch
// nothing. A ticket of an earlier wait has an old generation and can claim nothing, so timers and wait nodes
// may be stale.
//
//   claim word = generation << 5 | open to << 3 | state
//
//   idle, done --begin_wait--> armed --commit, after the switch away--> parked
//                                |                                         |
//                              claim: the goroutine finds it at commit   claim: the claimer makes it runnable
//                                |                                         |
//                                v                                         v
//                      woken, handed, timed_out, cancelled          woken, handed, timed_out, cancelled,
//                      (done)                                       interrupted (done)
//
// A wait may be open to some bits of g::attention: a signal, a request to end. It is then `interrupted` by
// who raises such a bit (interrupt.h), or, if the bit was up already, by its own commit:
//
//   committer:    the word is parked, open to the bit;   attention has the bit?  claim it as interrupted
//   interrupter:  attention gets the bit;                the word is parked, open to the bit?  claim it
//
// Both with seq_cst: one of the two sees the other (tests/models/interrupt.pml). An armed wait is left to its
// commit, so that the generation that was seen is the only one that the claim can hit.
//
// The commit happens only when the goroutine's registers are saved and it is off its stack: on g0, or by the
// goroutine that runs next after a direct switch. A claim before it (armed) leaves the goroutine to the
// committer, who makes it runnable; so no waker ever spins for a switch to complete, and no lock is held
// across one. Go hands a lock over to the next goroutine instead (gopark's unlockf): rejected, since a
// bucket's lock would be held during the switch.
#pragma once
#include <cstdint>

#include "rt0/arch.h"
#include "runtime/lock/perturb.h"
#include "runtime/sched/g.h"

namespace rt0 {

enum class claim_state : std::uint64_t {
  idle = 0,
  armed = 1,
  parked = 2,
  interrupted = 3,
  woken = 4,
  timed_out = 5,
  cancelled = 6,
  handed = 7
};

struct wait_ticket {
  g* gp;
  std::uint64_t generation;
};

inline constexpr std::int64_t forever = -1;  // as a deadline: none

// Begins a wait of the running goroutine, open to these bits of its attention. Publish the ticket, then
// gopark it.
inline wait_ticket begin_wait(std::uint8_t open_to = 0) noexcept;

// Parks the running goroutine until its ticket is claimed, or deadline_ns on CLOCK_MONOTONIC claims it as
// timed_out. Returns how it ended. m->locks must be 0.
claim_state gopark(wait_ticket ticket, wait_reason why, std::int64_t deadline_ns) noexcept;

// Ends the wait as `how`, unless somebody else did. True: this call ended it. Any stack; never parks.
bool claim(wait_ticket ticket, claim_state how) noexcept;

// The same in two steps, for a waker that holds a lock: after won_parked the goroutine is the caller's, to be
// made runnable by goready when the lock is released.
enum class claimed { lost, won_leaving, won_parked };
inline claimed try_claim(wait_ticket ticket, claim_state how) noexcept;

// If gp is parked in a wait that is open to the bit, which its attention has: ends that wait as interrupted.
bool claim_open(g* gp, std::uint8_t bit) noexcept;
// gp is parked in a wait that is not open to the bit: a guess, unless gp cannot move.
bool is_closed(const g* gp, std::uint8_t bit) noexcept;

// Sleeps until deadline_ns on CLOCK_MONOTONIC, or a bit of open_to is in its attention (interrupted); in the
// past: yields.
claim_state sleep_until(std::int64_t deadline_ns, std::uint8_t open_to = 0) noexcept;

// Lets the other runnable goroutines of this P go first. Go's goyield.
void yield() noexcept;

// The running goroutine's slice is over: it goes to the end of the global queue. On its own stack, from the
// signal that preempted it.
void preempt_park() noexcept;

// A waiting goroutine, whose wait the caller has ended, becomes runnable, next on this P; an M without one
// (in a system call) puts it on the global queue. Wakes an M for it if a P is idle.
void goready(g* gp) noexcept;

// Ends the running goroutine: gp->exited (or the free list) gets it when it is off its stack.
[[noreturn]] void goexit() noexcept;

// --- public interface ends here: what a hand-over between two goroutines takes, inline

inline constexpr int open_shift = 3, generation_shift = 5;

constexpr std::uint64_t claim_word(std::uint64_t generation, claim_state s, std::uint64_t open_to = 0) {
  return generation << generation_shift | open_to << open_shift | static_cast<std::uint64_t>(s);
}
constexpr claim_state state_of(std::uint64_t word) {
  return static_cast<claim_state>(word & ((1u << open_shift) - 1));
}
constexpr std::uint8_t open_to(std::uint64_t word) {
  return static_cast<std::uint8_t>(word >> open_shift & ((1u << (generation_shift - open_shift)) - 1));
}
static_assert((attend_signal | attend_cancel) < 1 << (generation_shift - open_shift));

inline wait_ticket begin_wait(std::uint8_t open_to) noexcept {
  g* gp = getg();
  const std::uint64_t generation = (gp->claim.word.load(std::memory_order_relaxed) >> generation_shift) + 1;
  // The ticket is published by its owner's own release (a bucket's lock, a timer's lock).
  gp->claim.word.store(claim_word(generation, claim_state::armed, open_to), std::memory_order_relaxed);
  return {gp, generation};
}

inline claimed try_claim(wait_ticket ticket, claim_state how) noexcept {
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

}  // namespace rt0
