// netpoll on epoll: operations are tried without blocking, and tried again when epoll says that the
// descriptor is ready.
//
// Each descriptor has a slot with a word that counts its events. A waiter arms the descriptor for what he
// wants (EPOLLONESHOT, the union of all waiters' wants), reads the word, tries once more, and waits for the
// word to change; an event counts the word up and wakes all waiters of the slot, who try and arm again. One
// word for both directions: a reader and a writer of one socket wake each other now and then, which costs
// less than two words and their bookkeeping would here, where nothing has to be fast.
//
// What cannot be tried without blocking, whatever the descriptor's flags (connect, waitid, several polls at
// once), is not for this back-end: the caller hands it off.
//
// The poller sleeps in ppoll on the epoll descriptor and an eventfd: nanoseconds, as far back as kernel 5.4
// (epoll_pwait2 is younger).
#include <errno.h>
#include <linux/io_uring.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include <new>

#include "runtime/base/fatal.h"
#include "runtime/io/attempt.h"
#include "runtime/io/backend.h"
#include "runtime/lock/mutex.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/syscall.h"
#include "runtime/sync/wait_table.h"
#include "sys/epoll.h"
#include "sys/fd.h"
#include "sys/mem.h"
#include "sys/passthrough.h"

namespace rt0 {
namespace {

constexpr int most_fds = 1 << 20;  // beyond it: hand-off
constexpr std::uint32_t in = EPOLLIN, out = EPOLLOUT;

struct fd_slot {
  std::uint32_t events;  // counts; what waiters wait for
  std::uint16_t readers, writers;
};

struct epoll_state {
  int epoll = -1, event = -1;
  fd_slot* slots = nullptr;  // by descriptor; the pages of those never waited for are untouched
  mutex<lock_rank::netpoll_take> taking;
  mutex<lock_rank::netpoll_give> giving;
  std::atomic<bool> break_sent{false};
};

constinit epoll_state state;

bool open_epoll() noexcept {
  const sys::ret<int> epoll = sys::epoll_create(), event = sys::event_fd();
  const sys::ret<void*> slots = sys::map(most_fds * sizeof(fd_slot), sys::map_kind::heap);
  if (!epoll.ok() || !event.ok() || !slots.ok()) return false;
  state.epoll = epoll.value();
  state.event = event.value();
  state.slots = static_cast<fd_slot*>(slots.value());
  return true;
}

// --- one operation

// What epoll has to say before the operation can go on.
std::uint32_t wants(const ring_op& op) noexcept {
  switch (op.opcode) {
    case IORING_OP_READ:
    case IORING_OP_READV:
    case IORING_OP_RECV:
    case IORING_OP_RECVMSG:
    case IORING_OP_ACCEPT: return in;
    case IORING_OP_POLL_ADD: return op.op_flags;
  }
  return out;
}

bool can(const ring_op& op) noexcept {
  switch (op.opcode) {
    case IORING_OP_READ:
    case IORING_OP_READV:
    case IORING_OP_WRITE:
    case IORING_OP_WRITEV:
    case IORING_OP_RECV:
    case IORING_OP_SEND:
    case IORING_OP_RECVMSG:
    case IORING_OP_SENDMSG:
    case IORING_OP_ACCEPT:
    case IORING_OP_POLL_ADD: return op.fd < most_fds;
  }
  return false;
}

// The two counts of the slot's waiters that a want belongs to.
void count_waiter(fd_slot& slot, std::uint32_t want, int by) noexcept {
  if ((want & ~out) != 0) slot.readers = static_cast<std::uint16_t>(slot.readers + by);
  if ((want & out) != 0) slot.writers = static_cast<std::uint16_t>(slot.writers + by);
}

// EPERM: the file is of a kind that is always ready.
sys::ret<int> arm(int fd, const fd_slot& slot) noexcept {
  const std::uint32_t events =
      (slot.readers != 0 ? in | EPOLLPRI | EPOLLRDHUP : 0) | (slot.writers != 0 ? out : 0) | EPOLLONESHOT;
  return sys::epoll_arm(state.epoll, fd, events);
}

// One wait for an event on the descriptor. 0: try again.
long wait_ready(const ring_op& op, std::int64_t deadline_ns, io_waiter& waiter) noexcept {
  fd_slot& slot = state.slots[op.fd];
  const std::uint32_t want = wants(op);
  std::uint32_t seen = 0;
  sys::ret<int> armed = sys::ret<int>::from_raw(0);
  {
    lock_guard hold(state.giving);
    count_waiter(slot, want, 1);
    seen = __atomic_load_n(&slot.events, __ATOMIC_SEQ_CST);
    armed = arm(op.fd, slot);
  }
  waiter.waits_for.store(&slot.events, std::memory_order_seq_cst);  // pairs with: netpoll_cancel
  long outcome = armed.ok() || armed.error() == EPERM ? 0 : -armed.error();
  if (__atomic_load_n(&waiter.word, __ATOMIC_SEQ_CST) != 0) {
    outcome = -ECANCELED;
  } else if (armed.ok()) {
    need_poller();
    outcome = outcome_of(wait_quietly(&slot.events, seen, deadline_ns, wait_reason::io, open_bits()));
  }
  waiter.waits_for.store(nullptr, std::memory_order_seq_cst);
  lock_guard hold(state.giving);
  count_waiter(slot, want, -1);
  return outcome;
}

// An accept cannot be tried: who is alone with the listener gets what poll saw, others may block their M.
long try_once(const ring_op& op) noexcept {
  if (op.opcode != IORING_OP_ACCEPT) return attempt(op);
  const long now = poll_now(op.fd, in);
  if (now <= 0) return now == 0 ? -EAGAIN : now;
  const bool entered = entersyscall();
  const long fd = sys::passthrough(SYS_accept4, op.fd, static_cast<long>(op.addr), static_cast<long>(op.off),
                                   op.op_flags, 0, 0);
  if (entered) exitsyscall();
  return fd;
}

long run_any(const ring_op* ops, std::int32_t* results, std::size_t, std::int64_t deadline_ns,
             io_waiter& waiter) noexcept {
  sched.netpoll_pending.fetch_add(1, std::memory_order_seq_cst);
  long outcome = 0;
  while (outcome == 0) {
    const long result = try_once(ops[0]);
    if (result != -EAGAIN) {
      results[0] = static_cast<std::int32_t>(result);
      break;
    }
    outcome = wait_ready(ops[0], deadline_ns, waiter);
  }
  sched.netpoll_pending.fetch_sub(1, std::memory_order_relaxed);
  return outcome;
}

// --- the poller's side

void wake_slot(int fd) noexcept {
  {
    lock_guard hold(state.giving);
    __atomic_fetch_add(&state.slots[fd].events, 1, __ATOMIC_SEQ_CST);
  }
  (void)wake(&state.slots[fd].events, INT32_MAX);
}

bool take() noexcept {
  if (!state.taking.try_lock()) return false;
  epoll_event ready[64];
  const sys::ret<int> n = sys::epoll_take(state.epoll, ready, 64);
  state.taking.unlock();
  for (int i = 0; n.ok() && i < n.value(); i++) wake_slot(ready[i].data.fd);
  return n.ok() && n.value() > 0;
}

void interrupt() noexcept {
  if (!state.break_sent.exchange(true, std::memory_order_acq_rel)) sys::signal_event(state.event);
}

void claim_queue() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { state.taking.lock(); }
void release_queue() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { state.taking.unlock(); }

void sleep(std::int64_t until_ns) noexcept {
  const bool broken = sys::wait_for_either(state.epoll, state.event, until_ns == no_timer ? -1 : until_ns);
  if (!broken) return;
  sys::drain_event(state.event);
  // pairs with: interrupt's exchange: who found it set before this, did so before we look at the timers again
  (void)state.break_sent.exchange(false, std::memory_order_acq_rel);
}

bool ready() noexcept { return poll_now(state.epoll, in) > 0; }

// Its registration goes with the file; who waits tries again, and meets what the number means then.
void forget(int fd) noexcept {
  if (fd < 0 || fd >= most_fds) return;
  const fd_slot& slot = state.slots[fd];
  bool waited_for = false;
  {
    lock_guard hold(state.giving);
    waited_for = slot.readers != 0 || slot.writers != 0;
  }
  if (waited_for) wake_slot(fd);
}

void after_fork() noexcept {
  sys::close(state.epoll);
  sys::close(state.event);
  (void)sys::unmap(state.slots, most_fds * sizeof(fd_slot));
  new (&state) epoll_state;
}

netpoll_fds own() noexcept { return {{state.epoll, state.event}}; }

}  // namespace

constinit const io_backend epoll_backend{
    open_epoll, can,        1,   run_any,
    forget,     after_fork, own, {claim_queue, sleep, release_queue, interrupt, ready, take},
};

}  // namespace rt0
