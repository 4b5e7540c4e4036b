// Send, receive, close. Source: Go 1.23 chan.go chansend, chanrecv, send, recv, closechan.
#include "runtime/chan/chan.h"

#include "runtime/base/export.h"
#include "runtime/signal/attend.h"
#include "sys/clock.h"
#include "sys/process.h"

namespace rt0 {
namespace {

constexpr int lock_spins = 8, pauses_per_spin = 10, lock_yields = 100;
constexpr std::int64_t lock_sleep_ns = 50'000;

// Copies n bytes; most values are a word.
void copy_bytes(void* to, const void* from, std::size_t n) noexcept {
  if (n == sizeof(std::uint64_t)) [[likely]] {
    __builtin_memcpy(to, from, sizeof(std::uint64_t));
  } else {
    __builtin_memcpy(to, from, n);
  }
}

bool move_to(rt0_chan_move how, std::size_t bytes, void* to, void* from, void* error) {
  if (how != nullptr) return how(to, from, error);
  copy_bytes(to, from, bytes);
  return true;
}

std::size_t after(const hchan* c, std::size_t at) noexcept { return at + 1 == c->capacity ? 0 : at + 1; }

// Hints for who does not hold the lock; written under it.
void set_count(hchan* c, std::size_t n) noexcept { __atomic_store_n(&c->count, n, __ATOMIC_RELAXED); }

// True: the wait of sg, which is unlinked, is the caller's to end; its goroutine is put on `ready`, if it has
// parked already. After that a plain sudog may be gone.
bool claim(const sudog& sg, ready_list& ready) noexcept {
  const wait_ticket ticket = sg.ticket;
  const claimed how = try_claim(ticket, claim_state::woken);
  if (how == claimed::won_parked) ready.add(ticket.gp);
  return how != claimed::lost;
}

// The first waiter of q that is plain, or a select's that is claimed hereby.
[[gnu::noinline]] sudog* first_claimed(waitq& q, ready_list& ready) noexcept {
  while (sudog* sg = q.first) {
    if (sg->select == nullptr) return sg;
    q.remove(*sg);
    if (claim(*sg, ready)) {
      sg->select->fired = sg;
      return sg;
    }
  }
  return nullptr;
}

// The first waiter of q whom the caller may serve; nullptr: none. A plain one is still linked and unclaimed.
inline sudog* first_to_serve(waitq& q, ready_list& ready) noexcept {
  sudog* sg = q.first;
  return sg == nullptr || sg->select == nullptr ? sg : first_claimed(q, ready);
}

// first_to_serve's waiter is served. The last touch of it.
inline void finish(waitq& q, sudog* sg, outcome result, ready_list& ready) noexcept {
  sg->result = result;
  if (sg->select != nullptr) return;
  q.remove(*sg);
  (void)claim(*sg, ready);
}

// The program's move threw in the server's hands: it is the server's exception.
rt0_chan_status not_served(sudog* sg) noexcept {
  if (sg->select != nullptr) sg->result = outcome::retry;
  return rt0_chan_threw;
}

bool append(hchan* c, const rt0_chan_op& op) {
  if (!move_to(c->type->construct, c->type->bytes, c->cell(c->sendx), op.value, op.error)) return false;
  c->sendx = after(c, c->sendx);
  set_count(c, c->count + 1);
  return true;
}

// There is room in the buffer: the first waiting sender's value goes there. One whose move throws is told so,
// and the next one's turn comes.
[[gnu::noinline]] void refill(hchan* c, ready_list& ready) {
  while (sudog* sg = first_to_serve(c->sendq, ready)) {
    const bool done = append(c, *sg->op);
    finish(c->sendq, sg, done ? outcome::done : outcome::threw, ready);
    if (done) return;
  }
}

}  // namespace

void hchan::lock_slow() noexcept {
  // Held for some ten nanoseconds, unless the holder is in a move, or its M has lost its CPU.
  for (int spin = 0;; spin++) {
    for (int i = 0; i < pauses_per_spin; i++) procyield();
    // A look first: an exchange by everybody would keep the line from the holder.
    if (!bytes()) {
      if (lock_.try_lock()) return;
      if (spin == lock_spins) break;
    } else {
      if (spin_.load(std::memory_order_relaxed) == 0 && try_spin()) return;
      // Yielding lets no thread of a lower class run: the holder may be one.
      if (spin >= lock_spins + lock_yields) sys::sleep_ns(lock_sleep_ns);
      if (spin >= lock_spins) sys::sched_yield();
    }
  }
  (void)lock_.lock(forever, wait_reason::chan_lock);
}

namespace {

[[gnu::always_inline]] inline rt0_chan_status send_step(hchan* c, const rt0_chan_op& op, ready_list& ready) {
  if (c->closed()) return rt0_chan_closed;
  if (sudog* sg = first_to_serve(c->recvq, ready)) {
    if (!move_to(sg->op->put, c->type->bytes, sg->op->value, op.value, op.error)) return not_served(sg);
    finish(c->recvq, sg, outcome::done, ready);
    return rt0_chan_ok;
  }
  if (c->count == c->capacity) return rt0_chan_would_block;
  return append(c, op) ? rt0_chan_ok : rt0_chan_threw;
}

[[gnu::always_inline]] inline rt0_chan_status recv_step(hchan* c, const rt0_chan_op& op, ready_list& ready) {
  if (c->count != 0) {
    void* oldest = c->cell(c->recvx);
    if (!move_to(op.put, c->type->bytes, op.value, oldest, op.error)) return rt0_chan_threw;
    if (c->type->destroy != nullptr) c->type->destroy(oldest);
    c->recvx = after(c, c->recvx);
    set_count(c, c->count - 1);
    if (c->sendq.first != nullptr) refill(c, ready);
    return rt0_chan_ok;
  }
  if (sudog* sg = first_to_serve(c->sendq, ready)) {
    if (!move_to(op.put, c->type->bytes, op.value, sg->op->value, op.error)) return not_served(sg);
    finish(c->sendq, sg, outcome::done, ready);
    return rt0_chan_ok;
  }
  if (c->bits == 0) return rt0_chan_would_block;
  if (c->closed()) return rt0_chan_closed;
  return take_tick(c, op) ? rt0_chan_ok : rt0_chan_would_block;
}

// The wait of the running goroutine's sg ended by nobody's service. False: somebody served it all the same.
[[gnu::noinline]] bool give_up(hchan* c, waitq& q, sudog& sg) noexcept {
  c->lock();
  const bool unserved = sg.linked;
  if (unserved) q.remove(sg);
  c->unlock();
  return unserved;
}

using locked_step = rt0_chan_status (*)(hchan*, const rt0_chan_op&, ready_list&);

// The operation with its wait, if it has to and may.
template <locked_step Step, waitq hchan::*Queue, wait_reason Why>
[[gnu::always_inline]] inline rt0_chan_status operate(hchan* c, const rt0_chan_op& op, bool may_wait) {
  for (;;) {
    ready_list ready;
    c->lock();
    const rt0_chan_status status = Step(c, op, ready);
    if (status != rt0_chan_would_block || !may_wait) {
      c->unlock();
      ready.make_ready();
      return status;
    }
    // Nobody was claimed: `ready` is empty.
    sudog sg;
    sg.op = &op;
    sg.select = nullptr;
    sg.ticket = begin_wait(attend_signal);
    (c->*Queue).push_back(sg);
    const std::int64_t until_ns = wait_limit_ns(c, c->*Queue);
    c->unlock();
    if (gopark(sg.ticket, Why, until_ns) != claim_state::woken) [[unlikely]] {
      const bool again = give_up(c, c->*Queue, sg);
      attend();
      if (again) continue;
    }
    return status_of(sg.result);
  }
}

// Claims all of q, whose waits end by the channel's closing.
void close_waiters(waitq& q, ready_list& ready) noexcept {
  while (sudog* sg = first_to_serve(q, ready)) finish(q, sg, outcome::closed, ready);
}

[[noreturn]] void block_forever(wait_reason why) noexcept {
  for (;;) {
    (void)gopark(begin_wait(attend_signal), why, forever);
    attend();
  }
}

}  // namespace

rt0_chan_status send_locked(hchan* c, const rt0_chan_op& op, ready_list& ready) {
  return send_step(c, op, ready);
}
rt0_chan_status recv_locked(hchan* c, const rt0_chan_op& op, ready_list& ready) {
  return recv_step(c, op, ready);
}

}  // namespace rt0

using namespace rt0;

RT0_EXPORT rt0_chan_status rt0_chan_send(rt0_chan* c, const rt0_chan_op* op) {
  return operate<send_step, &hchan::sendq, wait_reason::chan_send>(hchan_of(c), *op, true);
}

RT0_EXPORT rt0_chan_status rt0_chan_recv(rt0_chan* c, const rt0_chan_op* op) {
  return operate<recv_step, &hchan::recvq, wait_reason::chan_receive>(hchan_of(c), *op, true);
}

RT0_EXPORT rt0_chan_status rt0_chan_try_send(rt0_chan* c, const rt0_chan_op* op) {
  return operate<send_step, &hchan::sendq, wait_reason::chan_send>(hchan_of(c), *op, false);
}

RT0_EXPORT rt0_chan_status rt0_chan_try_recv(rt0_chan* c, const rt0_chan_op* op) {
  return operate<recv_step, &hchan::recvq, wait_reason::chan_receive>(hchan_of(c), *op, false);
}

RT0_EXPORT bool rt0_chan_close(rt0_chan* handle) {
  hchan* c = hchan_of(handle);
  ready_list ready;
  c->lock();
  const bool first = !c->closed();
  if (first) {
    __atomic_store_n(&c->bits, c->bits | rt0_chan_is_closed,
                     __ATOMIC_RELEASE);  // pairs with: chan::closed's load(acquire)
    close_waiters(c->recvq, ready);
    close_waiters(c->sendq, ready);
  }
  c->unlock();
  ready.make_ready();
  return first;
}

RT0_EXPORT void rt0_chan_drain(rt0_chan* handle) {
  hchan* c = hchan_of(handle);
  if (c->type->destroy == nullptr) return;
  for (; c->count != 0; c->count--) {
    c->type->destroy(c->cell(c->recvx));
    c->recvx = after(c, c->recvx);
  }
}

RT0_EXPORT void rt0_chan_nil_send() { block_forever(wait_reason::chan_send_nil); }
RT0_EXPORT void rt0_chan_nil_recv() { block_forever(wait_reason::chan_receive_nil); }
