// Every call goes the same way:
//
//   attempt        without blocking, whatever the descriptor's flags (io/attempt.h). Most calls end here.
//   would block    and the program wants to know (O_NONBLOCK, MSG_DONTWAIT): EAGAIN, as the kernel says it.
//   netpoll        the goroutine parks until the operation has come back.
//
// What cannot be tried (a terminal's read: RWF_NOWAIT is refused), and a write to a pipe (SIGPIPE is for the
// writer, not for a worker of the ring), waits until poll says that it is ready, and is then tried again or
// made as it is, with the P given up: another may have been quicker.
//
// A read from a file of which the page cache had a part, and a blocking write, go on with the rest, as the
// kernel's do. A socket's timeouts (SO_RCVTIMEO, SO_SNDTIMEO) are asked for when the goroutine is about to
// park.
#include "runtime/libc/io_call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "runtime/io/attempt.h"
#include "runtime/io/fd_kind.h"
#include "runtime/io/netpoll.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/syscall.h"
#include "runtime/signal/attend.h"
#include "sys/clock.h"
#include "sys/passthrough.h"

namespace rt0::libc {
namespace {

constexpr std::uint64_t current_offset = ~std::uint64_t{0};
constexpr std::int64_t ns_per_ms = 1'000'000, ns_per_s = 1'000'000'000;

std::uint64_t u64(const void* at) noexcept { return reinterpret_cast<std::uint64_t>(at); }

bool non_blocking(int fd) noexcept {
  const long flags = sys::passthrough(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0);
  return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

// The end of a wait on a socket, by its option SO_RCVTIMEO or SO_SNDTIMEO.
std::int64_t socket_deadline(int fd, int option) noexcept {
  timeval limit{};
  socklen_t bytes = sizeof limit;
  if (sys::passthrough(SYS_getsockopt, fd, SOL_SOCKET, option, reinterpret_cast<long>(&limit),
                       reinterpret_cast<long>(&bytes), 0) != 0 ||
      (limit.tv_sec == 0 && limit.tv_usec == 0)) {
    return forever;
  }
  return sys::nanotime() + limit.tv_sec * ns_per_s + limit.tv_usec * 1000;
}

// One operation with what has to be known of it.
struct transfer {
  ring_op op;
  fd_kind kind;
  bool write;
  bool dont_wait;
};

// The call itself, blocking, with the P given up.
long as_it_is(const ring_op& op) noexcept {
  const auto addr = static_cast<long>(op.addr), off = static_cast<long>(op.off);
  const bool here = op.off == current_offset;
  switch (op.opcode) {
    case IORING_OP_READ: return hand_off(here ? SYS_read : SYS_pread64, {op.fd, addr, op.len, off, 0, 0});
    case IORING_OP_WRITE: return hand_off(here ? SYS_write : SYS_pwrite64, {op.fd, addr, op.len, off, 0, 0});
    case IORING_OP_READV: return hand_off(here ? SYS_readv : SYS_preadv, {op.fd, addr, op.len, off, 0, 0});
    case IORING_OP_WRITEV: return hand_off(here ? SYS_writev : SYS_pwritev, {op.fd, addr, op.len, off, 0, 0});
    case IORING_OP_RECV: return hand_off(SYS_recvfrom, {op.fd, addr, op.len, op.op_flags, 0, 0});
    case IORING_OP_SEND: return hand_off(SYS_sendto, {op.fd, addr, op.len, op.op_flags, 0, 0});
    case IORING_OP_RECVMSG: return hand_off(SYS_recvmsg, {op.fd, addr, op.op_flags, 0, 0, 0});
    case IORING_OP_SENDMSG: return hand_off(SYS_sendmsg, {op.fd, addr, op.op_flags, 0, 0, 0});
  }
  return -ENOSYS;
}

long tried(const ring_op& op) noexcept {
  const long result = attempt(op);
  if (result == -EPIPE) [[unlikely]]
    take_raised_with(result);
  return result;
}

// Parks until poll has something to say. 0, or why not.
long park_for_poll(const transfer& t) noexcept {
  const std::uint32_t events = t.write ? POLLOUT : POLLIN;
  const long now = poll_now(t.op.fd, events);
  if (now != 0) return now < 0 ? now : 0;
  if (non_blocking(t.op.fd)) return -EAGAIN;
  const ring_op op{IORING_OP_POLL_ADD, t.op.fd, 0, 0, 0, events};
  if (!netpoll_can(op)) return 0;
  const long came = netpoll_run(op, forever);
  return came < 0 ? came : 0;
}

// Parks until the operation came back, or the socket's timeout.
long park(const transfer& t) noexcept {
  if (t.kind != fd_kind::regular && (t.dont_wait || non_blocking(t.op.fd))) return -EAGAIN;
  if (!netpoll_can(t.op)) return as_it_is(t.op);
  if (t.kind != fd_kind::socket) {
    const long result = netpoll_run(t.op, forever);
    return result == -EPERM ? as_it_is(t.op) : result;  // epoll does not wait for files
  }
  const std::int64_t deadline_ns = socket_deadline(t.op.fd, t.write ? SO_SNDTIMEO : SO_RCVTIMEO);
  const long result = netpoll_run(t.op, deadline_ns);
  if (result == -ETIMEDOUT && deadline_ns != forever) return -EAGAIN;
  // The ring sends no SIGPIPE.
  return result == -EPIPE && t.write ? tried(t.op) : result;
}

// One read, or one part of a write.
long once(const transfer& t) noexcept {
  for (;;) {
    const long result = tried(t.op);
    const bool untried = result == -EOPNOTSUPP;
    if (result != -EAGAIN && !untried) return result;
    if (!untried && !(t.write && t.kind == fd_kind::stream)) return park(t);
    const long ready = park_for_poll(t);
    if (ready != 0) return ready;
    if (untried) return as_it_is(t.op);
  }
}

// The whole of a transfer of one piece: some of it is done.
long rest(transfer t, long done) noexcept {
  const long total = t.op.len;
  const ring_op first = t.op;
  while (done < total) {
    t.op.addr = first.addr + static_cast<std::uint64_t>(done);
    t.op.len = static_cast<std::uint32_t>(total - done);
    if (first.off != current_offset) t.op.off = first.off + static_cast<std::uint64_t>(done);
    const long more = once(t);
    if (more <= 0) break;
    done += more;
  }
  return done;
}

// A short count is the end of it for all but a read from a file and a blocking write.
bool goes_on(const transfer& t) noexcept {
  return t.write ? !t.dont_wait : t.kind == fd_kind::regular || (t.op.op_flags & MSG_WAITALL) != 0;
}

long single(const transfer& t) noexcept {
  const long done = once(t);
  return done > 0 && done < static_cast<long>(t.op.len) && goes_on(t) ? rest(t, done) : done;
}

// The same for several pieces: what the first attempt left goes piece by piece.
long vectored(const transfer& t, std::uint8_t piece_opcode) noexcept {
  const auto* pieces = reinterpret_cast<const iovec*>(t.op.addr);
  const long done = once(t);
  if (done <= 0 || !goes_on(t)) return done;
  long total = 0;  // where the piece begins
  for (std::uint32_t i = 0; i < t.op.len; i++) {
    const auto bytes = static_cast<long>(pieces[i].iov_len);
    const long had = done > total ? (done - total < bytes ? done - total : bytes) : 0;
    if (had < bytes) {
      const std::uint64_t off =
          t.op.off == current_offset ? t.op.off : t.op.off + static_cast<std::uint64_t>(total);
      const transfer piece{{piece_opcode, t.op.fd, off, u64(pieces[i].iov_base),
                            static_cast<std::uint32_t>(bytes), t.op.op_flags},
                           t.kind,
                           t.write,
                           t.dont_wait};
      const long got = rest(piece, had);
      if (got < bytes) return total + got;
    }
    total += bytes;
  }
  return total;
}

// --- the calls

constexpr std::uint32_t never_waits = MSG_DONTWAIT | MSG_ERRQUEUE;
// What one operation may carry; the kernel's own limit for read and write is as large.
constexpr long most_bytes = 0x7ffff000;

bool read_or_write(const call_args& x, bool write, std::uint64_t off, long& result) noexcept {
  const int fd = static_cast<int>(x.a);
  const fd_kind kind = kind_of(fd);
  if (kind == fd_kind::other || (write && kind == fd_kind::regular) || x.c <= 0) return false;
  const auto bytes = static_cast<std::uint32_t>(x.c < most_bytes ? x.c : most_bytes);
  std::uint8_t opcode = write ? IORING_OP_WRITE : IORING_OP_READ;
  if (kind == fd_kind::socket) {
    if (off != current_offset) return false;  // ESPIPE
    opcode = write ? IORING_OP_SEND : IORING_OP_RECV;
    off = 0;
  }
  result = single({{opcode, fd, off, static_cast<std::uint64_t>(x.b), bytes, 0}, kind, write, false});
  return true;
}

bool read_or_write_v(const call_args& x, bool write, std::uint64_t off, long& result) noexcept {
  const int fd = static_cast<int>(x.a);
  const fd_kind kind = kind_of(fd);
  if (kind == fd_kind::other || (write && kind == fd_kind::regular) || x.c <= 0 || x.c > 1024) return false;
  const std::uint8_t opcode = write ? IORING_OP_WRITEV : IORING_OP_READV;
  result = vectored({{opcode, fd, off, static_cast<std::uint64_t>(x.b), static_cast<std::uint32_t>(x.c), 0},
                     kind,
                     write,
                     false},
                    write ? IORING_OP_WRITE : IORING_OP_READ);
  return true;
}

transfer message(std::uint8_t opcode, int fd, const msghdr* m, std::uint32_t flags, bool write) noexcept {
  return {{opcode, fd, 0, u64(m), 1, flags}, fd_kind::socket, write, (flags & never_waits) != 0};
}

// A count that is short of the whole is left so: a stream's message is seldom as large as its buffer.
bool send_or_receive(const call_args& x, bool write, long& result) noexcept {
  const int fd = static_cast<int>(x.a);
  const auto flags = static_cast<std::uint32_t>(x.d);
  if (x.c < 0 || x.c > most_bytes || (flags & (MSG_PEEK | MSG_WAITALL)) == (MSG_PEEK | MSG_WAITALL))
    return false;
  if (x.e == 0) {
    result = single({{static_cast<std::uint8_t>(write ? IORING_OP_SEND : IORING_OP_RECV), fd, 0,
                      static_cast<std::uint64_t>(x.b), static_cast<std::uint32_t>(x.c), flags},
                     fd_kind::socket,
                     write,
                     (flags & never_waits) != 0});
    return true;
  }
  iovec piece{reinterpret_cast<void*>(x.b), static_cast<std::size_t>(x.c)};
  msghdr m{};
  m.msg_name = reinterpret_cast<void*>(x.e);
  auto* length = reinterpret_cast<socklen_t*>(x.f);
  m.msg_namelen = write ? static_cast<socklen_t>(x.f) : *length;
  m.msg_iov = &piece;
  m.msg_iovlen = 1;
  result = once(message(write ? IORING_OP_SENDMSG : IORING_OP_RECVMSG, fd, &m, flags, write));
  if (!write && result >= 0) *length = m.msg_namelen;
  return true;
}

bool message_call(const call_args& x, bool write, long& result) noexcept {
  const auto* m = reinterpret_cast<const msghdr*>(x.b);
  result = once(message(write ? IORING_OP_SENDMSG : IORING_OP_RECVMSG, static_cast<int>(x.a), m,
                        static_cast<std::uint32_t>(x.c), write));
  return true;
}

// An interrupted connect goes on by itself: the wait for its end.
long finish_connect(int fd) noexcept {
  const long came = netpoll_run({IORING_OP_POLL_ADD, fd, 0, 0, 0, POLLOUT}, forever);
  if (came < 0) return came;
  int error = 0;
  socklen_t bytes = sizeof error;
  const long asked = sys::passthrough(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR,
                                      reinterpret_cast<long>(&error), reinterpret_cast<long>(&bytes), 0);
  return asked < 0 ? asked : -error;
}

// accept, connect: there is no flag to try them by.
bool connection(const ring_op& op, int timeout, long timed_out, long& result) noexcept {
  if (non_blocking(op.fd) || !netpoll_can(op)) return false;
  const std::int64_t deadline_ns = socket_deadline(op.fd, timeout);
  result = netpoll_run(op, deadline_ns);
  if (result == -ETIMEDOUT && deadline_ns != forever) result = timed_out;
  if (result == -EALREADY && op.opcode == IORING_OP_CONNECT) result = finish_connect(op.fd);
  return true;
}

// What signals do to a wait for events: a handler ends it, whatever its flags.
class until_a_handler {
 public:
  bool ends() noexcept {
    attend();
    return since_.ends_call(false) || asked_to_end();
  }

 private:
  interruption since_;
};

long poll_all(pollfd* fds, long count) noexcept {
  return sys::passthrough(SYS_poll, reinterpret_cast<long>(fds), count, 0, 0, 0, 0);
}

// Until one of the descriptors has something to say; poll itself then says what.
bool poll_call(pollfd* fds, long count, std::int64_t deadline_ns, long& result) noexcept {
  constexpr std::size_t most = 16;
  until_a_handler since;
  for (;;) {
    result = poll_all(fds, count);
    if (result != 0 || (deadline_ns != forever && deadline_ns <= sys::nanotime())) return true;
    if (count == 0 && deadline_ns != forever) {
      if (sleep_until(deadline_ns, open_bits()) != claim_state::interrupted || !since.ends()) continue;
      result = -EINTR;
      return true;
    }
    ring_op ops[most];
    std::int32_t results[most];
    std::size_t n = 0;
    for (long i = 0; i < count; i++) {
      if (fds[i].fd < 0) continue;
      if (n == most) return false;
      ops[n++] = {IORING_OP_POLL_ADD, fds[i].fd, 0, 0, 0, static_cast<std::uint16_t>(fds[i].events)};
    }
    if (n == 0 || !netpoll_can(ops[0]) || n > netpoll_most_at_once()) return false;
    io_waiter waiter;
    if (netpoll_run_any(ops, results, n, deadline_ns, waiter) == -EINTR && since.ends()) {
      result = -EINTR;
      return true;
    }
  }
}

bool epoll_call(const call_args& x, long& result) noexcept {
  const auto ms = static_cast<int>(x.d);
  const std::int64_t deadline_ns = ms < 0 ? forever : sys::nanotime() + ms * ns_per_ms;
  until_a_handler since;
  for (;;) {
    result = sys::passthrough(SYS_epoll_wait, x.a, x.b, x.c, 0, 0, 0);
    if (result != 0 || ms == 0 || (deadline_ns != forever && deadline_ns <= sys::nanotime())) return true;
    const ring_op op{IORING_OP_POLL_ADD, static_cast<int>(x.a), 0, 0, 0, POLLIN};
    if (!netpoll_can(op)) return false;
    if (netpoll_run(op, deadline_ns) == -EINTR && since.ends()) {
      result = -EINTR;
      return true;
    }
  }
}

// The number is about to lose its meaning, or to get another. The runtime's own are not the program's: for it
// they are not open.
bool close_call(int fd, long& result) noexcept {
  if (netpoll_own().has(fd)) {
    result = -EBADF;
    return true;
  }
  forget_kind(fd);
  netpoll_forget(fd);
  return false;
}

// All but the runtime's own.
bool close_range_call(const call_args& x, long& result) noexcept {
  const auto first = static_cast<unsigned>(x.a), last = static_cast<unsigned>(x.b);
  for (const int own : netpoll_own().fd) {
    const auto n = static_cast<unsigned>(own);
    if (own < 0 || n < first || n > last) continue;
    result = 0;
    if (n > first) result = hand_off(SYS_close_range, {x.a, n - 1, x.c, 0, 0, 0});
    if (result == 0 && n < last) result = blocking_call(SYS_close_range, {n + 1, x.b, x.c, 0, 0, 0});
    return true;
  }
  if (first > last) return false;
  forget_kinds(first, last);
  return false;
}

// The calls that move data, or wait until they can.
bool waiting_call(long nr, const call_args& x, long& result) noexcept {
  const auto fd = static_cast<int>(x.a);
  const auto b = static_cast<std::uint64_t>(x.b), c = static_cast<std::uint64_t>(x.c);
  switch (nr) {
    case SYS_read: return read_or_write(x, false, current_offset, result);
    case SYS_write: return read_or_write(x, true, current_offset, result);
    case SYS_pread64: return x.d >= 0 && read_or_write(x, false, static_cast<std::uint64_t>(x.d), result);
    case SYS_readv: return read_or_write_v(x, false, current_offset, result);
    case SYS_writev: return read_or_write_v(x, true, current_offset, result);
    case SYS_recvfrom: return send_or_receive(x, false, result);
    case SYS_sendto: return send_or_receive(x, true, result);
    case SYS_recvmsg: return message_call(x, false, result);
    case SYS_sendmsg: return message_call(x, true, result);
    case SYS_accept: return connection({IORING_OP_ACCEPT, fd, c, b, 0, 0}, SO_RCVTIMEO, -EAGAIN, result);
    case SYS_accept4:
      return connection({IORING_OP_ACCEPT, fd, c, b, 0, static_cast<std::uint32_t>(x.d)}, SO_RCVTIMEO,
                        -EAGAIN, result);
    case SYS_connect:
      return connection({IORING_OP_CONNECT, fd, c, b, 0, 0}, SO_SNDTIMEO, -EINPROGRESS, result);
    case SYS_poll: {
      const auto ms = static_cast<int>(x.c);
      const std::int64_t deadline_ns = ms < 0 ? forever : sys::nanotime() + ms * ns_per_ms;
      return poll_call(reinterpret_cast<pollfd*>(x.a), x.b, deadline_ns, result);
    }
    case SYS_epoll_wait: return epoll_call(x, result);
    case SYS_epoll_pwait: return x.e == 0 && epoll_call(x, result);
  }
  return false;
}

// A goroutine whose calls find everything ready never parks, and sysmon's signal nearly always finds it in
// the kernel, inside the core, where it is refused: it was sent again every 20 us (an HTTP server paid 15 us
// of CPU a request instead of 7).
void give_way() noexcept {
  if (getm()->p->preempt.load(std::memory_order_relaxed)) [[unlikely]]
    yield();
}

}  // namespace

bool io_call(long nr, const call_args& x, long& result) noexcept {
  switch (nr) {
    case SYS_close: return close_call(static_cast<int>(x.a), result);
    case SYS_dup2:
    case SYS_dup3: return x.a != x.b && close_call(static_cast<int>(x.b), result);
    case SYS_close_range: return close_range_call(x, result);
  }
  if (!has_p_to_give()) return false;
  const interruption since;
  while (waiting_call(nr, x, result)) {
    attend();
    if (result != -EINTR) {
      give_way();
      return true;
    }
    if (since.ends_call(restarts(nr)) || asked_to_end()) return true;
  }
  return false;
}

}  // namespace rt0::libc
