// Channels of time: what rt::after, rt::ticker and a timer without a function receive from.
//
// Source: Go 1.23 time.go, whose timer channels are synchronous: len is 0 and a value that was not received
// before Stop or Reset is never received. Differs: no timer of the scheduler's stands behind such a channel,
// and nobody sends. The channel knows when its next value is due; who receives looks at the clock:
//
//   nobody waits     nothing happens, whatever is due. So one that is forgotten costs its memory until its
//                    last handle is gone, and nothing else
//   try_recv, recv   due? takes the tick, and sets the next one: the first multiple of the period that is
//                    still to come. A slow receiver loses ticks; what it gets says when it was due
//   recv, select     not due: parks with the due time as its wait's own deadline (the goroutine's timer).
//                    Then it looks again; of several that wait for one tick the first gets it
//   set              changes the due time under the channel's lock, and ends all waits, which look again
//
// Rejected: Go's own way, a timer in a P's heap while somebody waits; it needs a lock order between channels
// and heaps, and a count of who waits.
//
// Otherwise it is an unbuffered channel: a value that a program sends is received before a tick, and close()
// ends it. tests/models/clock.pml
#include "runtime/base/export.h"
#include "runtime/chan/chan.h"
#include "sys/clock.h"

namespace rt0 {
namespace {

rt0_clock& clock_of(hchan* c) noexcept {
  return *reinterpret_cast<rt0_clock*>(reinterpret_cast<std::byte*>(c) +
                                       rt0_chan_buffer_offset(alignof(rt0_clock)));
}

// Whoever waits in q looks again. The sudogs stay: their owners take them out (chan.h).
void stir(const waitq& q, ready_list& ready) noexcept {
  for (const sudog* sg = q.first; sg != nullptr;) {
    const wait_ticket ticket = sg->ticket;
    sg = sg->next;
    if (try_claim(ticket, claim_state::timed_out) == claimed::won_parked) ready.add(ticket.gp);
  }
}

// No delay reaches the end of time, which says `never`.
std::int64_t due_after(std::int64_t delay_ns) noexcept {
  const std::int64_t now_ns = sys::nanotime();
  if (delay_ns <= 0) return now_ns;
  return delay_ns < no_timer - now_ns ? now_ns + delay_ns : no_timer - 1;
}

template <class Next>
bool change(hchan* c, Next next) noexcept {
  ready_list ready;
  c->lock();
  rt0_clock& clock = clock_of(c);
  const bool pending = clock.next_ns != no_timer;
  clock = next();
  stir(c->recvq, ready);
  c->unlock();
  ready.make_ready();
  return pending;
}

}  // namespace

bool tick_is_due(hchan* c) noexcept { return clock_of(c).next_ns <= sys::nanotime(); }

std::int64_t next_tick_ns(hchan* c) noexcept { return clock_of(c).next_ns; }

bool take_tick(hchan* c, const rt0_chan_op& op) noexcept {
  rt0_clock& clock = clock_of(c);
  const std::int64_t due_ns = clock.next_ns;
  if (due_ns == no_timer) return false;
  const std::int64_t now_ns = sys::nanotime();
  if (due_ns > now_ns) return false;
  clock.next_ns = no_timer;
  if (clock.period_ns != 0) {
    const std::int64_t steps = 1 + (now_ns - due_ns) / clock.period_ns;
    if (__builtin_mul_overflow(steps, clock.period_ns, &clock.next_ns) ||
        __builtin_add_overflow(due_ns, clock.next_ns, &clock.next_ns)) {
      clock.next_ns = no_timer;
    }
  }
  __builtin_memcpy(op.value, &due_ns, sizeof due_ns);  // a time_point of steady_clock
  return true;
}

}  // namespace rt0

using namespace rt0;

// The time is read under the lock: so the next tick comes after all those that were received.
RT0_EXPORT bool rt0_clock_set(rt0_chan* c, std::int64_t delay_ns, std::int64_t period_ns) noexcept {
  return change(hchan_of(c), [=]() noexcept { return rt0_clock{due_after(delay_ns), period_ns}; });
}

RT0_EXPORT bool rt0_clock_stop(rt0_chan* c) noexcept {
  return change(hchan_of(c), []() noexcept { return rt0_clock{no_timer, 0}; });
}
