#include "runtime/io/netpoll.h"

#include <errno.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "runtime/base/debug_options.h"
#include "runtime/io/attempt.h"
#include "runtime/io/fd_kind.h"
#include "runtime/io/readiness.h"
#include "runtime/io/ring.h"
#include "runtime/lock/mutex.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/syscall.h"
#include "runtime/sync/wait_table.h"
#include "sys/fault.h"
#include "sys/passthrough.h"

namespace rt0 {
namespace {

// What has been opened. A refusal is remembered, a lack of descriptors is not.
struct netpoll_state {
  mutex<lock_rank::netpoll_open> opening;
  std::atomic<bool> readiness{false};
  std::atomic<bool> ring{false};
  std::atomic<bool> ring_refused{false};
};

constinit netpoll_state state;

bool ready() noexcept { return readiness::ready() || ring_ready(); }
bool take() noexcept { return readiness::take(ring_take); }
void sleep(std::int64_t until_ns) noexcept {
  if (!ring_ready()) readiness::sleep(until_ns);
}

constexpr netpoller poller{readiness::claim, sleep, readiness::release, readiness::interrupt, ready, take};

// pairs with: the stores that follow the opening
bool is_open(const std::atomic<bool>& what) noexcept { return what.load(std::memory_order_acquire); }

bool open_readiness() noexcept RT0_REQUIRES(state.opening) {
  if (is_open(state.readiness)) return true;
  if (!readiness_open()) return false;
  install_netpoller(&poller);
  state.readiness.store(true, std::memory_order_release);
  return true;
}

bool has_readiness() noexcept {
  if (is_open(state.readiness)) return true;
  lock_guard hold(state.opening);
  return open_readiness();
}

// The first operation opens it: a program of sockets alone has none.
bool has_ring() noexcept {
  if (is_open(state.ring)) return true;
  if (debug.uring == 0 || is_open(state.ring_refused)) return false;
  lock_guard hold(state.opening);
  if (is_open(state.ring)) return true;
  if (!open_readiness()) return false;
  const ring_opened how = ring_open();
  if (how == ring_opened::refused) state.ring_refused.store(true, std::memory_order_release);
  if (how != ring_opened::yes) return false;
  state.ring.store(true, std::memory_order_release);
  return true;
}

bool can_by_ring(std::uint8_t opcode) noexcept { return has_ring() && ring_supports(opcode); }

io_direction direction_of(const ring_op& op) noexcept {
  switch (op.opcode) {
    case IORING_OP_READ:
    case IORING_OP_READV:
    case IORING_OP_RECV:
    case IORING_OP_RECVMSG:
    case IORING_OP_ACCEPT: return io_direction::in;
    case IORING_OP_POLL_ADD: return (op.op_flags & POLLOUT) != 0 ? io_direction::out : io_direction::in;
  }
  return io_direction::out;
}

// The fewest bytes that the kernel might have taken, of those that can be fewer.
std::uint32_t least_bytes(const ring_op& op) noexcept {
  switch (op.opcode) {
    case IORING_OP_RECV:
    case IORING_OP_SEND: return op.op_flags == 0 && kind_of(op.fd) == fd_kind::tcp ? 1 : op.len;
    case IORING_OP_READ:
    case IORING_OP_WRITE: return kind_of(op.fd) == fd_kind::stream && op.len > PIPE_BUF ? PIPE_BUF : op.len;
  }
  return op.len;
}

// RT0_DEBUG=iofault. Who is told that it would block, waits for an edge that came already: not since this
// `seen`.
long try_with_faults(ring_op op, io_seen& seen, bool may_wait) noexcept {
  if (op.opcode == IORING_OP_ACCEPT || op.opcode == IORING_OP_CONNECT)
    return attempt(op);  // not tried at all
  if (sys::fault(sys::fault_kind::interruption)) return -EINTR;
  if (may_wait && sys::fault(sys::fault_kind::would_block)) {
    seen.in--;
    seen.out--;
    return -EAGAIN;
  }
  if (sys::fault(sys::fault_kind::short_count)) {
    const std::uint32_t least = least_bytes(op);
    op.len = least + sys::fault_number(op.len - least);
  }
  return attempt(op);
}

// An accept cannot be tried: who is alone with the listener gets what poll saw, others may block their M.
long accept_when_ready(const ring_op& op, std::int64_t deadline_ns, io_waiter& waiter) noexcept {
  for (;;) {
    const io_seen seen = netpoll_look(op.fd);
    const long now = poll_now(op.fd, POLLIN);
    if (now < 0) return now;
    if (now > 0) break;
    const long came = netpoll_wait(op.fd, io_direction::in, seen, deadline_ns, waiter);
    if (came == -EPERM) break;
    if (came != 0) return came;
  }
  const bool entered = entersyscall();
  const long fd = sys::passthrough(SYS_accept4, op.fd, static_cast<long>(op.addr), static_cast<long>(op.off),
                                   op.op_flags, 0, 0);
  if (entered) exitsyscall();
  return fd;
}

}  // namespace

bool netpoll_can(const ring_op& op) noexcept {
  return can_by_ring(op.opcode) || (op.opcode == IORING_OP_ACCEPT && has_readiness());
}

long netpoll_run(const ring_op& op, std::int64_t deadline_ns, io_waiter& waiter) noexcept {
  return can_by_ring(op.opcode) ? ring_run(op, deadline_ns, waiter)
                                : accept_when_ready(op, deadline_ns, waiter);
}

long netpoll_wait(int fd, io_direction direction, io_seen seen, std::int64_t deadline_ns,
                  io_waiter& waiter) noexcept {
  if (!has_readiness()) return -EPERM;
  // A datagram's receiver may be full while poll says that the sender can write: no edge says when it is not.
  if (direction == io_direction::out && kind_of(fd) == fd_kind::socket && poll_now(fd, POLLOUT) > 0)
    return -EPERM;
  const long came = readiness_wait(fd, direction, seen, deadline_ns, waiter);
  if (came != readiness_refused) return came;
  if (!can_by_ring(IORING_OP_POLL_ADD)) return -EPERM;
  const std::uint32_t events = direction == io_direction::in ? POLLIN : POLLOUT;
  const long ready = ring_run({IORING_OP_POLL_ADD, fd, 0, 0, 0, events}, deadline_ns, waiter);
  return ready < 0 ? ready : 0;
}

bool netpoll_open() noexcept { return has_readiness(); }

long netpoll_try(const ring_op& op, io_seen& seen, bool may_wait) noexcept {
  constexpr std::uint32_t harmless = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_WAITALL;
  const bool takes = op.opcode == IORING_OP_RECV && (op.op_flags & ~harmless) == 0;
  if (takes && may_wait && seen.empty) return -EAGAIN;
  if (sys::fault_one_in != 0) [[unlikely]]
    return try_with_faults(op, seen, may_wait);
  const long result = attempt(op);
  if (takes && result > 0 && result < static_cast<long>(op.len)) readiness_was_short(op.fd, seen);
  return result;
}

long netpoll_complete(const ring_op& op, const io_seen* tried, std::int64_t deadline_ns,
                      io_waiter& waiter) noexcept {
  io_seen seen = tried != nullptr ? *tried : io_seen{};
  for (bool first = tried == nullptr;; first = true) {
    if (first) {
      seen = netpoll_look(op.fd);
      const long result = netpoll_try(op, seen, true);
      if (result == -EOPNOTSUPP && netpoll_can(op)) return netpoll_run(op, deadline_ns, waiter);
      if (result != -EAGAIN) return result;
    }
    const long came = netpoll_wait(op.fd, direction_of(op), seen, deadline_ns, waiter);
    if (came == -EPERM && netpoll_can(op)) return netpoll_run(op, deadline_ns, waiter);
    if (came == -EPERM && direction_of(op) == io_direction::out) {
      yield();
    } else if (came != 0) {
      return came;
    }
  }
}

// pairs with: park_for's and ring_run's store of waits_for, then their look at the word: one of us sees the
// other (StoreLoad).
void netpoll_cancel(io_waiter& waiter) noexcept {
  __atomic_fetch_or(&waiter.word, io_waiter::give_up, __ATOMIC_SEQ_CST);
  std::uint32_t* const waits_for = waiter.waits_for.load(std::memory_order_seq_cst);
  if (waits_for == nullptr) return;
  if (waits_for != &waiter.word) __atomic_fetch_add(waits_for, 1, __ATOMIC_SEQ_CST);
  (void)wake(waits_for, INT32_MAX);
}

netpoll_fds netpoll_own() noexcept {
  netpoll_fds own = readiness_own();
  own.fd[2] = ring_fd();
  return own;
}

void netpoll_fork_child() noexcept {
  ring_after_fork();
  readiness_after_fork();
  state.readiness.store(false, std::memory_order_relaxed);
  state.ring.store(false, std::memory_order_relaxed);
  sched.netpoll.store(nullptr, std::memory_order_relaxed);
  sched.netpoll_pending.store(0, std::memory_order_relaxed);
}

}  // namespace rt0
