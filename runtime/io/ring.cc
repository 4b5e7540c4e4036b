#include "runtime/io/ring.h"

#include <errno.h>
#include <linux/io_uring.h>

#include <new>

#include "runtime/base/fatal.h"
#include "runtime/io/readiness.h"
#include "runtime/lock/mutex.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/sched.h"
#include "runtime/sync/wait_table.h"

namespace rt0 {
namespace {

// An operation is in the first queue for as long as its submission takes; completions wait in the second
// until somebody looks, and beyond it in the kernel.
constexpr unsigned sq_entries = 128, cq_entries = 2048;
constexpr unsigned most_bounded_workers = 16, most_unbounded_workers = 64;

constexpr std::uint64_t of_a_cancel = 0;  // user_data that is no io_wait's address

struct ring_state {
  sys::uring ring;
  std::atomic<bool> open{false};
  mutex<lock_rank::netpoll_give> giving;
};

constinit ring_state state;

// One operation of a waiting goroutine, on its stack.
struct io_wait {
  std::uint32_t* came_back;  // counts; the last touch of a waiter's memory by who takes its completion
  std::int32_t result;
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
    (void)sched.netpoll.load(std::memory_order_relaxed)->take();
    if (getm()->curg != nullptr && getm()->locks == 0) yield();
  }
}

std::uint64_t key(const io_wait& wait) noexcept { return reinterpret_cast<std::uint64_t>(&wait); }

std::uint32_t load(const std::uint32_t& word) noexcept { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }

bool came_back(std::uint32_t word) noexcept { return (word & ~io_waiter::give_up) != 0; }

// Asks for the operation, and waits until it has come back.
void call_back(const io_wait& wait, const std::uint32_t& word) noexcept {
  push({IORING_OP_ASYNC_CANCEL, -1, 0, key(wait), 0, 0}, of_a_cancel);
  for (std::uint32_t seen; !came_back(seen = load(word));) {
    (void)wait_quietly(&word, seen, forever, wait_reason::io, 0);
  }
}

}  // namespace

ring_opened ring_open() noexcept {
  const sys::ret<int> opened = state.ring.open(sq_entries, cq_entries);
  if (!opened.ok()) {
    return opened.error() == ENOSYS || opened.error() == EPERM ? ring_opened::refused : ring_opened::not_now;
  }
  if (!readiness_watch_ring(state.ring.fd())) {
    state.ring.forget();
    return ring_opened::not_now;
  }
  (void)state.ring.limit_workers(most_bounded_workers, most_unbounded_workers);
  state.open.store(true, std::memory_order_release);  // pairs with: ring_ready
  return ring_opened::yes;
}

bool ring_supports(std::uint8_t opcode) noexcept { return state.ring.supports(opcode); }

long ring_run(const ring_op& op, std::int64_t deadline_ns, io_waiter& waiter) noexcept {
  std::uint32_t& word = waiter.word;
  io_wait wait{&word, -ECANCELED};
  sched.netpoll_pending.fetch_add(1, std::memory_order_seq_cst);
  waiter.waits_for.store(&word, std::memory_order_seq_cst);  // pairs with: netpoll_cancel
  push(op, key(wait));
  need_poller();
  long outcome = 0;
  while (outcome == 0 && load(word) == 0) {
    outcome = outcome_of(wait_quietly(&word, 0, deadline_ns, wait_reason::io, open_bits()));
  }
  if (load(word) == io_waiter::give_up) outcome = -ECANCELED;
  if (!came_back(load(word))) call_back(wait, word);
  waiter.waits_for.store(nullptr, std::memory_order_seq_cst);
  // Back to none, for the next wait with it; a wish to give up stays.
  __atomic_fetch_sub(&word, 1, __ATOMIC_RELAXED);
  sched.netpoll_pending.fetch_sub(1, std::memory_order_relaxed);
  return wait.result != -ECANCELED || outcome == 0 ? wait.result : outcome;
}

void ring_after_fork() noexcept {
  if (!state.open.load(std::memory_order_relaxed)) return;
  state.ring.forget();
  new (&state) ring_state;
}

int ring_fd() noexcept { return state.open.load(std::memory_order_acquire) ? state.ring.fd() : -1; }

bool ring_ready() noexcept { return state.open.load(std::memory_order_acquire) && state.ring.ready(); }

bool ring_take() noexcept {
  bool any = false;
  sys::completion next;
  for (unsigned i = 0; i < cq_entries && ring_ready() && state.ring.take(next); i++) {
    if (next.user_data == of_a_cancel) continue;
    auto& wait = *reinterpret_cast<io_wait*>(next.user_data);
    std::uint32_t* const came_back = wait.came_back;
    wait.result = next.result;
    __atomic_fetch_add(came_back, 1, __ATOMIC_SEQ_CST);  // pairs with: load, and wait_if_equal's comparison
    wake(came_back, 1);                                  // by the address alone: the waiter may be gone
    any = true;
  }
  return any;
}

}  // namespace rt0
