// Every call goes the same way:
//
//   attempt        without blocking, whatever the descriptor's flags (io/attempt.h). Most calls end here.
//   would block    and the program wants to know (O_NONBLOCK, MSG_DONTWAIT): EAGAIN, as the kernel says it.
//   netpoll        the goroutine parks until the operation has come back.
//
// What cannot be tried (a terminal's read: RWF_NOWAIT is refused) waits until poll says that it is ready, and
// is then made as it is, with the P given up: another may have been quicker.
//
// A read from a file of which the page cache had a part, and a blocking write, go on with the rest, as the
// kernel's do.
//
// Whether a descriptor blocks, and a socket's timeouts (SO_RCVTIMEO, SO_SNDTIMEO), are asked for when the
// goroutine is about to park. Of a socket the answer "it blocks, for ever" is remembered until anything of
// the kind is changed here, by whatever number (netpoll_flags): a request to a server costs two system calls
// so, not four. That another process changes a socket which it shares with us goes unnoticed.
#include "runtime/libc/io_call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "runtime/io/attempt.h"
#include "runtime/io/fd_kind.h"
#include "runtime/io/netpoll.h"
#include "runtime/libc/clock.h"
#include "runtime/libc/poll_call.h"
#include "runtime/libc/wait_call.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/syscall.h"
#include "runtime/signal/attend.h"
#include "sys/clock.h"
#include "sys/passthrough.h"

namespace rt0::libc {
namespace {

constexpr std::uint64_t current_offset = ~std::uint64_t{0};
constexpr std::int64_t ns_per_s = 1'000'000'000;

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
  std::int64_t deadline_ns = unasked;

  static constexpr std::int64_t unasked = -2;  // the socket's timeout, when it is first needed
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

// False: it blocks, and nothing but deadline_ns ends the wait. Asks the kernel, unless that is known.
bool wants_no_wait(transfer& t, io_seen seen) noexcept {
  if (t.dont_wait) return true;
  if (is_socket(t.kind) && seen.plain) {
    if (t.deadline_ns == transfer::unasked) t.deadline_ns = forever;
    return false;
  }
  const std::uint64_t flags = netpoll_flags();
  if (non_blocking(t.op.fd)) return true;
  if (t.deadline_ns != transfer::unasked) return false;
  t.deadline_ns = forever;
  if (!is_socket(t.kind)) return false;
  const std::int64_t receives_ns = socket_deadline(t.op.fd, SO_RCVTIMEO);
  const std::int64_t sends_ns = socket_deadline(t.op.fd, SO_SNDTIMEO);
  if (receives_ns == forever && sends_ns == forever) netpoll_is_plain(t.op.fd, seen, flags);
  t.deadline_ns = t.write ? sends_ns : receives_ns;
  return false;
}

// Parks until it may be tried again: 0. Else why not: -EPERM, if it cannot be waited for.
long park(transfer& t, io_seen seen) noexcept {
  if (wants_no_wait(t, seen)) return -EAGAIN;
  io_waiter waiter;
  const io_direction direction = t.write ? io_direction::out : io_direction::in;
  const long came = netpoll_wait(t.op.fd, direction, seen, t.deadline_ns, waiter);
  return came == -ETIMEDOUT ? -EAGAIN : came;
}

// A file's, of which the page cache has nothing.
long read_file(const transfer& t) noexcept {
  io_waiter waiter;
  return netpoll_can(t.op) ? netpoll_run(t.op, forever, waiter) : as_it_is(t.op);
}

// One read, or one part of a write.
long once(transfer& t) noexcept {
  for (;;) {
    io_seen seen = netpoll_look(t.op.fd);
    const bool may_wait = is_socket(t.kind) && !t.dont_wait && seen.plain;
    long result = netpoll_try(t.op, seen, may_wait);
    if (result == -EPIPE) [[unlikely]]
      take_raised_with(result);
    const bool untried = result == -EOPNOTSUPP;
    if (result != -EAGAIN && !untried) return result;
    // What knows no RWF_NOWAIT (procfs, sysfs) would go to a worker thread of the ring, the slower way.
    if (t.kind == fd_kind::regular) return untried ? as_it_is(t.op) : read_file(t);
    if (untried) {
      const long now = poll_now(t.op.fd, t.write ? POLLOUT : POLLIN);
      if (now < 0) return now;
      if (now > 0) return as_it_is(t.op);
    }
    result = park(t, seen);
    if (result == -EPERM) return as_it_is(t.op);
    if (result != 0) return result;
  }
}

// The whole of a transfer of one piece: some of it is done. A handler that runs meanwhile ends it there,
// whatever its flags (signal(7)); attention without a handler ends nothing.
long rest(transfer t, long done) noexcept {
  const long total = t.op.len;
  const ring_op first = t.op;
  const interruption since;
  while (done < total) {
    t.op.addr = first.addr + static_cast<std::uint64_t>(done);
    t.op.len = static_cast<std::uint32_t>(total - done);
    if (first.off != current_offset) t.op.off = first.off + static_cast<std::uint64_t>(done);
    const long more = once(t);
    if (more > 0) {
      done += more;
      continue;
    }
    if (more != -EINTR) break;
    attend();
    if (since.ends_call(false) || asked_to_end()) break;
  }
  return done;
}

// A short count is the end of it for all but a read from a file and a blocking write.
bool goes_on(const transfer& t) noexcept {
  return t.write ? !t.dont_wait : t.kind == fd_kind::regular || (t.op.op_flags & MSG_WAITALL) != 0;
}

long single(transfer t) noexcept {
  const long done = once(t);
  return done > 0 && done < static_cast<long>(t.op.len) && goes_on(t) ? rest(t, done) : done;
}

// The same for several pieces: what the first attempt left goes piece by piece.
long vectored(transfer t, std::uint8_t piece_opcode) noexcept {
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
                           t.dont_wait,
                           t.deadline_ns};
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
  if (is_socket(kind)) {
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

long message(std::uint8_t opcode, int fd, const msghdr* m, std::uint32_t flags, bool write) noexcept {
  transfer t{{opcode, fd, 0, u64(m), 1, flags}, fd_kind::socket, write, (flags & never_waits) != 0};
  return once(t);
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
  result = message(write ? IORING_OP_SENDMSG : IORING_OP_RECVMSG, fd, &m, flags, write);
  if (!write && result >= 0) *length = m.msg_namelen;
  return true;
}

bool message_call(const call_args& x, bool write, long& result) noexcept {
  const auto* m = reinterpret_cast<const msghdr*>(x.b);
  result = message(write ? IORING_OP_SENDMSG : IORING_OP_RECVMSG, static_cast<int>(x.a), m,
                   static_cast<std::uint32_t>(x.c), write);
  return true;
}

// recvmmsg, sendmmsg: as many as go at once, and then the others.
bool several_messages(long nr, const call_args& x, long& result) noexcept {
  const bool write = nr == SYS_sendmmsg;
  auto* const messages = reinterpret_cast<mmsghdr*>(x.b);
  const auto count = static_cast<unsigned>(x.c), flags = static_cast<unsigned>(x.d);
  std::int64_t until_ns = forever;  // looked at between messages only
  if (!write && x.e != 0 && !deadline_after(reinterpret_cast<const timespec*>(x.e), until_ns)) return false;
  transfer t{{IORING_OP_RECVMSG, static_cast<int>(x.a), 0, 0, 1, flags},
             kind_of(static_cast<int>(x.a)),
             write,
             (flags & never_waits) != 0};
  unsigned done = 0;
  result = 0;
  while (done < count) {
    const io_seen seen = netpoll_look(t.op.fd);
    result = sys::passthrough(nr, x.a, reinterpret_cast<long>(messages + done), count - done,
                              static_cast<long>(flags | MSG_DONTWAIT), 0, 0);
    if (result == -EPIPE) take_raised_with(result);
    if (result > 0) {
      done += static_cast<unsigned>(result);
      if ((flags & MSG_WAITFORONE) != 0 || (until_ns != forever && until_ns <= sys::nanotime())) break;
      continue;
    }
    if (result == -EAGAIN) result = park(t, seen);
    if (result == -EPERM && done == 0) return false;
    if (result != 0) break;
  }
  if (done != 0) result = done;
  return true;
}

// A connect that an earlier call began: the wait for its end.
long finish_connect(int fd, std::int64_t deadline_ns) noexcept {
  io_waiter waiter;
  const ring_op op{IORING_OP_POLL_ADD, fd, 0, 0, 0, POLLOUT};
  long came = netpoll_complete(op, nullptr, deadline_ns, waiter);
  if (came == -EPERM) {
    pollfd one{fd, POLLOUT, 0};
    came = hand_off(SYS_poll, {reinterpret_cast<long>(&one), 1, -1, 0, 0, 0});
  }
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
  io_waiter waiter;
  result = netpoll_run(op, deadline_ns, waiter);
  if (result == -EALREADY && op.opcode == IORING_OP_CONNECT) result = finish_connect(op.fd, deadline_ns);
  if (result == -ETIMEDOUT && deadline_ns != forever) result = timed_out;
  return true;
}

// --- numbers that lose their meaning, or get another

// The runtime's own are not the program's: for it they are not open.
bool close_call(long nr, const call_args& x, int fd, long& result) noexcept {
  if (netpoll_own().has(fd)) {
    result = -EBADF;
    return true;
  }
  if (fd < 0) return false;
  const auto number = static_cast<unsigned>(fd);
  netpoll_forget(number, number);
  result = hand_off(nr, x);
  netpoll_forgotten(number, number);
  return true;
}

long close_numbers(unsigned first, unsigned last, long flags) noexcept {
  netpoll_forget(first, last);
  const long result = hand_off(SYS_close_range, {first, last, flags, 0, 0, 0});
  netpoll_forgotten(first, last);
  return result;
}

// All but the runtime's own.
bool close_range_call(const call_args& x, long& result) noexcept {
  unsigned first = static_cast<unsigned>(x.a);
  const auto last = static_cast<unsigned>(x.b);
  if (first > last) return false;
  result = 0;
  while (first <= last && result == 0) {
    unsigned own = ~0u;  // the first of them in what is left
    for (const int fd : netpoll_own().fd) {
      const auto n = static_cast<unsigned>(fd);
      if (fd >= 0 && n >= first && n <= last && n < own) own = n;
    }
    if (own == ~0u) {
      result = close_numbers(first, last, x.c);
      break;
    }
    if (own > first) result = close_numbers(first, own - 1, x.c);
    first = own + 1;
  }
  return true;
}

// setsockopt of a timeout, by its option's present number or, on other ABIs, its newer one.
bool is_timeout(const call_args& x) noexcept {
  return x.b == SOL_SOCKET &&
         (x.c == SO_RCVTIMEO || x.c == SO_SNDTIMEO || x.c == SO_RCVTIMEO_NEW || x.c == SO_SNDTIMEO_NEW);
}

// What changes whether a descriptor blocks, and for how long: after the call, since who asks in between gets
// the old answer.
bool flags_call(long nr, const call_args& x, long& result) noexcept {
  result = hand_off(nr, x);
  netpoll_changes_flags();
  return true;
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
    case SYS_recvmmsg:
    case SYS_sendmmsg: return several_messages(nr, x, result);
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
    case SYS_close: return close_call(nr, x, static_cast<int>(x.a), result);
    case SYS_dup2:
    case SYS_dup3: return x.a != x.b && close_call(nr, x, static_cast<int>(x.b), result);
    case SYS_close_range: return close_range_call(x, result);
    case SYS_fcntl: return x.b == F_SETFL && flags_call(nr, x, result);
    case SYS_ioctl: return x.b == FIONBIO && flags_call(nr, x, result);
    case SYS_setsockopt: return is_timeout(x) && flags_call(nr, x, result);
  }
  if (!has_p_to_give()) return false;
  if (poll_call(nr, x, result) || wait_call(nr, x, result)) {
    give_way();
    return true;
  }
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
