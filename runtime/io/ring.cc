// netpoll on one io_uring for all Ms.
//
// Submission under a lock, each operation handed to the kernel before its goroutine parks: an SQE holds a
// descriptor's number, and until the kernel has seen it another goroutine could close the number and open
// another file under it. Completions under another lock, taken by any M in passing (two loads when there are
// none), or by the poller, who holds that lock while it sleeps.
//
// A ring per P was rejected: a ring's completions come by way of the thread that submitted, and that thread
// may be in a long call without the P.
#include <errno.h>
#include <linux/io_uring.h>

#include <new>

#include "runtime/base/debug_options.h"
#include "runtime/base/fatal.h"
#include "runtime/io/backend.h"
#include "runtime/lock/mutex.h"
#include "runtime/sched/sched.h"
#include "runtime/sync/wait_table.h"
#include "sys/epoll.h"

namespace rt0 {
namespace {

// An operation is in the first queue for as long as its submission takes; completions wait in the second
// until somebody looks, and beyond it in the kernel.
constexpr unsigned sq_entries = 128, cq_entries = 2048;
constexpr unsigned most_bounded_workers = 16, most_unbounded_workers = 64;

// user_data that is no io_wait's address.
enum : std::uint64_t { of_a_cancel = 0, of_a_break = 1, of_the_event = 2 };

struct ring_state {
  sys::uring ring;
  mutex<lock_rank::netpoll_take> taking;
  mutex<lock_rank::netpoll_give> giving;
  // A break was sent and has not been taken: another would only fill the queue.
  std::atomic<bool> break_sent{false};
  bool messages = true;  // SEND_MSG_RING works; else a read of `event` is always under way
  int event = -1;
  std::uint64_t event_count = 0;
};

constinit ring_state state;

// One operation of a waiting goroutine, on its stack.
struct io_wait {
  std::uint32_t* came_back;  // counts; the last touch of a waiter's memory by who takes its completions
  std::int32_t result;
  bool done;
};

// Until the kernel has taken it. EAGAIN: it has no memory just now; EBUSY: completions overflow, and want to
// be taken first.
void push(const ring_op& op, std::uint64_t user_data) noexcept {
  bool prepared = false;
  for (;;) {
    {
      lock_guard hold(state.giving);
      if (!prepared) prepared = state.ring.prepare(op, user_data);
      const sys::ret<int> sent = state.ring.submit();
      if (prepared && sent.ok()) return;
      if (!sent.ok() && sent.error() != EAGAIN && sent.error() != EBUSY && sent.error() != EINTR) {
        throw_("netpoll: io_uring_enter failed");
      }
    }
    (void)ring_backend.poller.take();
    if (getm()->curg != nullptr && getm()->locks == 0) yield();
  }
}

void read_event() noexcept {
  push({IORING_OP_READ, state.event, 0, reinterpret_cast<std::uint64_t>(&state.event_count),
        sizeof state.event_count, 0},
       of_the_event);
}

bool open_ring() noexcept {
  if (!state.ring.open(sq_entries, cq_entries).ok()) return false;
  (void)state.ring.limit_workers(most_bounded_workers, most_unbounded_workers);
  if (debug.msgring == 0 || !state.ring.send_message(of_a_cancel).ok()) {
    const sys::ret<int> event = sys::event_fd();
    if (!event.ok()) {
      state.ring.forget();
      return false;
    }
    state.event = event.value();
    state.messages = false;
    read_event();
  }
  return true;
}

bool ring_can(const ring_op& op) noexcept { return state.ring.supports(op.opcode); }

std::uint64_t key(const io_wait& wait) noexcept { return reinterpret_cast<std::uint64_t>(&wait); }

std::uint32_t load(const std::uint32_t& word) noexcept { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }

std::uint32_t count_of(std::uint32_t word) noexcept { return word & ~io_waiter::give_up; }

// Asks for what has not come back, and waits for all of it.
void call_back(io_wait* waits, std::uint32_t count, const std::uint32_t& word) noexcept {
  for (std::uint32_t i = 0; i < count; i++) {
    if (__atomic_load_n(&waits[i].done, __ATOMIC_RELAXED)) continue;
    push({IORING_OP_ASYNC_CANCEL, -1, 0, key(waits[i]), 0, 0}, of_a_cancel);
  }
  for (std::uint32_t seen; count_of(seen = load(word)) != count;) {
    (void)wait_quietly(&word, seen, forever, wait_reason::io, 0);
  }
}

constexpr std::size_t most_at_once = 16;

long run_any(const ring_op* ops, std::int32_t* results, std::size_t count, std::int64_t deadline_ns,
             io_waiter& waiter) noexcept {
  std::uint32_t& word = waiter.word;
  io_wait waits[most_at_once];
  const auto n = static_cast<std::uint32_t>(count);
  sched.netpoll_pending.fetch_add(static_cast<std::int32_t>(n), std::memory_order_seq_cst);
  waiter.waits_for.store(&word, std::memory_order_seq_cst);
  for (std::uint32_t i = 0; i < n; i++) {
    waits[i] = {&word, -ECANCELED, false};
    push(ops[i], key(waits[i]));
  }
  need_poller();
  long outcome = 0;
  while (outcome == 0 && load(word) == 0) {
    outcome = outcome_of(wait_quietly(&word, 0, deadline_ns, wait_reason::io, open_bits()));
  }
  if (load(word) == io_waiter::give_up) outcome = -ECANCELED;
  if (count_of(load(word)) != n) call_back(waits, n, word);
  waiter.waits_for.store(nullptr, std::memory_order_seq_cst);
  // Back to none, for the next wait with it; a wish to give up stays.
  __atomic_fetch_sub(&word, n, __ATOMIC_RELAXED);
  sched.netpoll_pending.fetch_sub(static_cast<std::int32_t>(n), std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < n; i++) {
    results[i] = waits[i].result;
    if (results[i] != -ECANCELED) outcome = 0;
  }
  return outcome;
}

// --- the taker's side

// True: a goroutine has its answer.
bool complete(const sys::completion& c, bool& event_read) noexcept {
  switch (c.user_data) {
    case of_a_cancel: return false;
    case of_the_event: event_read = true; [[fallthrough]];
    case of_a_break:
      // An exchange: who found it set before this sees to it that we, or the poller after us, see what he
      // did.   pairs with: interrupt's exchange
      (void)state.break_sent.exchange(false, std::memory_order_acq_rel);
      return false;
  }
  auto& wait = *reinterpret_cast<io_wait*>(c.user_data);
  std::uint32_t* came_back = wait.came_back;
  wait.result = c.result;
  __atomic_store_n(&wait.done, true, __ATOMIC_RELAXED);
  __atomic_fetch_add(came_back, 1, __ATOMIC_SEQ_CST);  // pairs with: load, and wait_if_equal's comparison
  wake(came_back, 1);                                  // by the address alone: the waiter may be gone
  return true;
}

bool take() noexcept {
  if (!state.ring.ready() || !state.taking.try_lock()) return false;
  bool any = false, event_read = false;
  sys::completion next;
  for (unsigned i = 0; i < cq_entries && state.ring.take(next); i++) {
    if (complete(next, event_read)) any = true;
  }
  state.taking.unlock();
  if (event_read) read_event();
  return any;
}

void interrupt() noexcept {
  if (state.break_sent.exchange(true, std::memory_order_acq_rel)) return;
  if (state.messages) {
    (void)state.ring.send_message(of_a_break);
  } else {
    sys::signal_event(state.event);
  }
}

void claim_queue() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { state.taking.lock(); }
void release_queue() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { state.taking.unlock(); }

void sleep(std::int64_t until_ns) noexcept { state.ring.wait(until_ns == no_timer ? -1 : until_ns); }

bool ready() noexcept { return state.ring.ready(); }

void forget(int) noexcept {}  // nothing is prepared that was not submitted

void after_fork() noexcept {
  state.ring.forget();
  new (&state) ring_state;
}

netpoll_fds own() noexcept { return {{state.ring.fd(), state.event}}; }

}  // namespace

constinit const io_backend ring_backend{
    open_ring, ring_can,   most_at_once, run_any,
    forget,    after_fork, own,          {claim_queue, sleep, release_queue, interrupt, ready, take},
};

}  // namespace rt0
