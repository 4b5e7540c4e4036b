#include "runtime/io/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "sys/passthrough.h"

namespace rt0 {
namespace {

// RWF_NOWAIT does for one call what O_NONBLOCK does for all who share the file. Offset -1: the file's own.
long vectored(long nr, const sys::ring_op& op, std::uint64_t iov, std::uint32_t count) noexcept {
  return sys::passthrough(nr, op.fd, static_cast<long>(iov), count, static_cast<long>(op.off), 0, RWF_NOWAIT);
}

long single(long nr, const sys::ring_op& op) noexcept {
  iovec one{reinterpret_cast<void*>(op.addr), op.len};
  return vectored(nr, op, reinterpret_cast<std::uint64_t>(&one), 1);
}

long socket_call(long nr, const sys::ring_op& op, long length) noexcept {
  return sys::passthrough(nr, op.fd, static_cast<long>(op.addr), length,
                          static_cast<long>(op.op_flags | MSG_DONTWAIT), 0, 0);
}

}  // namespace

long poll_now(int fd, std::uint32_t events) noexcept {
  pollfd one{fd, static_cast<short>(events), 0};
  timespec none{};
  long n = 0;
  // A signal that is about to be delivered ends even a poll that does not wait.
  do n = sys::passthrough(SYS_ppoll, reinterpret_cast<long>(&one), 1, reinterpret_cast<long>(&none), 0, 8, 0);
  while (n == -EINTR);
  return n < 0 ? n : one.revents;
}

long attempt(const sys::ring_op& op) noexcept {
  switch (op.opcode) {
    case IORING_OP_READ: return single(SYS_preadv2, op);
    case IORING_OP_WRITE: return single(SYS_pwritev2, op);
    case IORING_OP_READV: return vectored(SYS_preadv2, op, op.addr, op.len);
    case IORING_OP_WRITEV: return vectored(SYS_pwritev2, op, op.addr, op.len);
    case IORING_OP_RECV: return socket_call(SYS_recvfrom, op, op.len);
    case IORING_OP_SEND: return socket_call(SYS_sendto, op, op.len);
    case IORING_OP_RECVMSG:
      return sys::passthrough(SYS_recvmsg, op.fd, static_cast<long>(op.addr),
                              static_cast<long>(op.op_flags | MSG_DONTWAIT), 0, 0, 0);
    case IORING_OP_SENDMSG:
      return sys::passthrough(SYS_sendmsg, op.fd, static_cast<long>(op.addr),
                              static_cast<long>(op.op_flags | MSG_DONTWAIT), 0, 0, 0);
    case IORING_OP_POLL_ADD: {
      const long now = poll_now(op.fd, op.op_flags);
      return now == 0 ? -EAGAIN : now;
    }
  }
  return -EOPNOTSUPP;
}

}  // namespace rt0
