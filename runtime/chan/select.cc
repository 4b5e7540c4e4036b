// Select. Source: Go 1.23 select.go selectgo: a random order in which the cases are looked at, so that the
// ready ones are chosen fairly; an order, by address, in which the channels are locked, so that two selects
// cannot deadlock; then
//
//   pass 1   with all channels locked: is a case ready? Its operation, under its own channel's lock alone
//   pass 2   none is: a sudog on every channel, all with the ticket of one wait; park
//   pass 3   a claim chose the case: take the other sudogs out again, each under its channel's lock
//
// Go's pass 3 holds all locks at once; one after the other is enough, since the ticket is claimed and nobody
// serves this select any more. The lock of the channel that fired is taken too: its server moves the value
// after the claim, and holds that lock until it is done (chan.h).
//
// Differs: a timeout is the deadline of the wait, not a channel; a stop request claims the ticket. Both are
// cases like others. Nothing is allocated: the sudogs and both orders lie in the caller's cases.
#include <algorithm>

#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/chan/chan.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/interrupt.h"
#include "runtime/signal/attend.h"
#include "sys/clock.h"

namespace rt0 {
namespace {

static_assert(sizeof(sudog) <= sizeof(rt0_select_case::node));

sudog& node_of(rt0_select_case& of) noexcept { return *reinterpret_cast<sudog*>(of.node); }
bool has_channel(const rt0_select_case& of) noexcept {
  return (of.kind == rt0_case_recv || of.kind == rt0_case_send) && of.chan != nullptr;
}
waitq& queue_of(rt0_select_case& of) noexcept {
  hchan* c = hchan_of(of.chan);
  return of.kind == rt0_case_recv ? c->recvq : c->sendq;
}

class selecting {
 public:
  explicit selecting(const rt0_select& s) noexcept : s_(s) {}

  rt0_selected run() {
    order();
    for (;;) {
      rt0_selected chosen{};
      if (pass1(chosen) || wait(chosen)) return chosen;
    }
  }

 private:
  rt0_select_case& at(std::size_t i) const noexcept {
    return *reinterpret_cast<rt0_select_case*>(reinterpret_cast<std::byte*>(s_.cases) + i * s_.stride);
  }
  std::size_t index_of(const rt0_select_case* of) const noexcept {
    return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(of) -
                                    reinterpret_cast<const std::byte*>(s_.cases)) /
           s_.stride;
  }
  rt0_selected chose(const rt0_select_case* of, rt0_chan_status status) const noexcept {
    return {index_of(of), status, false};
  }

  // Fills both lists, and finds the cases that are no channels'.
  void order() noexcept {
    for (std::size_t i = 0; i < s_.count; i++) {
      rt0_select_case* one = &at(i);
      // A place among those before it (Fisher and Yates, inside out).
      const std::size_t j = i == 0 ? 0 : (fastrand() >> 32) * (i + 1) >> 32;
      at(i).polled = at(j).polled;
      at(j).polled = one;
      if (one->kind == rt0_case_otherwise) otherwise_ = one;
      if (one->kind == rt0_case_timeout && (timeout_ == nullptr || one->timeout_ns < timeout_->timeout_ns)) {
        timeout_ = one;
      }
    }
    // From the random order, so that of several cases of one channel none is always the first in its queue.
    for (std::size_t i = 0; i < s_.count; i++) {
      if (has_channel(*at(i).polled)) at(channels_++).locked = at(i).polled;
    }
    sort();
  }

  // The order in which channels are locked: first those for whose locks a goroutine parks. Whoever spins for
  // one of the others does so while its holder runs.
  static bool before(const rt0_select_case* a, const rt0_select_case* b) noexcept {
    const bool a_bytes = hchan_of(a->chan)->bytes(), b_bytes = hchan_of(b->chan)->bytes();
    return a_bytes != b_bytes ? b_bytes : a->chan < b->chan;
  }

  // By Ciura's gaps (2001), the usual few cases by insertion.
  void sort() noexcept {
    constexpr std::size_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};
    for (const std::size_t gap : gaps) {
      for (std::size_t i = gap; i < channels_; i++) {
        rt0_select_case* one = at(i).locked;
        std::size_t j = i;
        for (; j >= gap && before(one, at(j - gap).locked); j -= gap) at(j).locked = at(j - gap).locked;
        at(j).locked = one;
      }
    }
  }

  // Two cases of one channel: one lock.
  bool repeats(std::size_t i) const noexcept {
    return i != 0 && at(i).locked->chan == at(i - 1).locked->chan;
  }
  void lock_all() const noexcept {
    for (std::size_t i = 0; i < channels_; i++) {
      if (!repeats(i)) hchan_of(at(i).locked->chan)->lock();
    }
  }
  void unlock_all_but(const rt0_chan* kept) const noexcept {
    for (std::size_t i = channels_; i-- > 0;) {
      const rt0_select_case* one = at(i).locked;
      if (!repeats(i) && one->chan != kept) hchan_of(one->chan)->unlock();
    }
  }

  // As send_locked and recv_locked would answer, without doing it. A sudog of a select that another of its
  // cases has ended may be counted: then the operation says that it would block.
  static bool may_be_ready(const rt0_select_case& of) noexcept {
    hchan* c = hchan_of(of.chan);
    if (c->closed()) return true;
    if (of.kind == rt0_case_recv)
      return c->count != 0 || c->sendq.first != nullptr || (c->is_clock() && tick_is_due(c));
    return c->count != c->capacity || c->recvq.first != nullptr;
  }

  // True: chosen. False: no case is ready, and this select waits on every channel.
  bool pass1(rt0_selected& chosen) {
    lock_all();
    for (std::size_t i = 0; i < s_.count; i++) {
      rt0_select_case& one = *at(i).polled;
      if (one.kind == rt0_case_stopped && one.stop_requested) {
        unlock_all_but(nullptr);
        chosen = chose(&one, rt0_chan_ok);
        return true;
      }
      if (!has_channel(one) || !may_be_ready(one)) continue;
      if (operated(one, chosen)) return true;
      // Its waiters had been served: everything was unlocked for the attempt, so the looks begin anew.
      lock_all();
      i = static_cast<std::size_t>(-1);
    }
    if (const rt0_select_case* now = at_once()) {
      unlock_all_but(nullptr);
      chosen = chose(now, rt0_chan_ok);
      return true;
    }
    enqueue();
    unlock_all_but(nullptr);
    return false;
  }

  // The other channels are unlocked first: a move may take long.
  bool operated(rt0_select_case& one, rt0_selected& chosen) {
    hchan* c = hchan_of(one.chan);
    unlock_all_but(one.chan);
    ready_list ready;
    const rt0_chan_status status =
        one.kind == rt0_case_recv ? recv_locked(c, one.op, ready) : send_locked(c, one.op, ready);
    c->unlock();
    ready.make_ready();
    chosen = chose(&one, status);
    return status != rt0_chan_would_block;
  }

  // What is chosen rather than to wait.
  const rt0_select_case* at_once() const noexcept {
    if (otherwise_ != nullptr) return otherwise_;
    return timeout_ != nullptr && timeout_->timeout_ns <= 0 ? timeout_ : nullptr;
  }

  // Pass 2. All channels are locked: whoever claims the ticket comes after.
  void enqueue() noexcept {
    ticket_ = begin_wait(attend_signal);
    tick_ns_ = no_timer;
    shared_.fired = nullptr;
    for (std::size_t i = 0; i < channels_; i++) {
      rt0_select_case& one = *at(i).locked;
      sudog& sg = node_of(one);
      sg.ticket = ticket_;
      sg.op = &one.op;
      sg.select = &shared_;
      queue_of(one).push_back(sg);
      tick_ns_ = std::min(tick_ns_, wait_limit_ns(hchan_of(one.chan), queue_of(one)));
    }
  }

  // The timeout's, of all its waits: a select that begins anew does not wait longer.
  std::int64_t deadline() noexcept {
    if (timeout_ == nullptr || deadline_ns_ != no_timer) return deadline_ns_;
    const std::int64_t now_ns = sys::nanotime();
    if (timeout_->timeout_ns < no_timer - now_ns) deadline_ns_ = now_ns + timeout_->timeout_ns;
    return deadline_ns_;
  }

  // True: chosen. False: to be begun anew.
  bool wait(rt0_selected& chosen) {
    const rt0_wait_hooks& hooks = s_.hooks;
    claim_state how;
    {
      const handlers_deferred until_dequeued;
      if (hooks.arm != nullptr) hooks.arm(hooks.self, ticket_.gp, ticket_.generation);
      const auto why = s_.count == 0 ? wait_reason::select_no_cases : wait_reason::select;
      how = gopark(ticket_, why, std::min(deadline(), tick_ns_));
      if (hooks.disarm != nullptr) hooks.disarm(hooks.self);
      dequeue();
    }
    if (how == claim_state::interrupted) {
      attend();
      return false;
    }
    if (how == claim_state::timed_out) {
      // Or a channel of time has a tick, or another time for it.
      if (timeout_ == nullptr || sys::nanotime() < deadline_ns_) return false;
      chosen = chose(timeout_, rt0_chan_ok);
    } else if (how == claim_state::cancelled) {
      chosen = {0, rt0_chan_ok, true};
    } else {
      const auto* fired = reinterpret_cast<const rt0_select_case*>(
          reinterpret_cast<std::byte*>(shared_.fired) - offsetof(rt0_select_case, node));
      if (shared_.fired->result == outcome::retry) return false;
      chosen = chose(fired, status_of(shared_.fired->result));
    }
    return true;
  }

  // Pass 3.
  void dequeue() noexcept {
    for (std::size_t i = 0; i < channels_; i++) {
      rt0_select_case& one = *at(i).locked;
      hchan* c = hchan_of(one.chan);
      if (!repeats(i)) c->lock();
      if (node_of(one).linked) queue_of(one).remove(node_of(one));
      if (i + 1 == channels_ || !repeats(i + 1)) c->unlock();
    }
  }

  const rt0_select& s_;
  std::size_t channels_ = 0;  // cases with a channel: the first so many places of the list `locked`
  const rt0_select_case* otherwise_ = nullptr;
  const rt0_select_case* timeout_ = nullptr;  // the shortest
  std::int64_t deadline_ns_ = no_timer;
  std::int64_t tick_ns_ = no_timer;  // of all channels of time that it receives from
  wait_ticket ticket_{};
  selection shared_{};
};

}  // namespace
}  // namespace rt0

using namespace rt0;

RT0_EXPORT rt0_selected rt0_select_wait(const rt0_select* s) { return selecting(*s).run(); }

RT0_EXPORT void rt0_wait_cancel(void* goroutine, std::uint64_t wait) noexcept {
  (void)claim({static_cast<g*>(goroutine), wait}, claim_state::cancelled);
}
