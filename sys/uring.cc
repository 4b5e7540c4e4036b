#include "sys/uring.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "rt0/arch.h"
#include "sys/fd.h"

namespace rt0::sys {
namespace {

long setup(unsigned fd, unsigned opcode, const void* arg, unsigned n) {
  return raw_syscall(SYS_io_uring_register, static_cast<int>(fd), opcode, reinterpret_cast<long>(arg), n);
}

}  // namespace

ret<int> uring::open(unsigned sq_entries, unsigned cq_entries) noexcept {
  io_uring_params params{};
  params.flags = IORING_SETUP_CQSIZE;
  params.cq_entries = cq_entries;
  const int failed = io_uring_queue_init_params(sq_entries, &ring_, &params);
  if (failed < 0) return ret<int>::from_raw(failed);
  ring_.ring_fd = ring_.enter_ring_fd = move_up(ring_.ring_fd);
  constexpr unsigned most = 64;
  alignas(io_uring_probe) std::byte place[sizeof(io_uring_probe) + most * sizeof(io_uring_probe_op)]{};
  auto* probe = reinterpret_cast<io_uring_probe*>(place);
  if (setup(static_cast<unsigned>(fd()), IORING_REGISTER_PROBE, probe, most) == 0) {
    for (unsigned i = 0; i < probe->ops_len && i < most; i++) {
      if ((probe->ops[i].flags & IO_URING_OP_SUPPORTED) != 0) opcodes_ |= std::uint64_t{1} << i;
    }
  }
  return ret<int>::from_raw(0);
}

void uring::forget() noexcept {
  (void)raw_syscall(SYS_munmap, reinterpret_cast<long>(ring_.sq.sqes),
                    static_cast<long>(ring_.sq.ring_entries * sizeof(io_uring_sqe)));
  (void)raw_syscall(SYS_munmap, reinterpret_cast<long>(ring_.sq.ring_ptr),
                    static_cast<long>(ring_.sq.ring_sz));
  if (ring_.cq.ring_ptr != ring_.sq.ring_ptr) {
    (void)raw_syscall(SYS_munmap, reinterpret_cast<long>(ring_.cq.ring_ptr),
                      static_cast<long>(ring_.cq.ring_sz));
  }
  (void)raw_syscall(SYS_close, fd());
  ring_ = {};
  opcodes_ = 0;
}

ret<int> uring::limit_workers(unsigned bounded, unsigned unbounded) noexcept {
  unsigned most[2] = {bounded, unbounded};
  return ret<int>::from_raw(setup(static_cast<unsigned>(fd()), IORING_REGISTER_IOWQ_MAX_WORKERS, most, 2));
}

bool uring::prepare(const ring_op& op, std::uint64_t user_data) noexcept {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) return false;
  *sqe = {};
  sqe->opcode = op.opcode;
  sqe->fd = op.fd;
  sqe->off = op.off;
  sqe->addr = op.addr;
  sqe->len = op.len;
  sqe->rw_flags = static_cast<int>(op.op_flags);
  sqe->file_index = op.file_index;
  sqe->user_data = user_data;
  return true;
}

bool uring::ready() const noexcept {
  // pairs with: the kernel's release of the tail
  return io_uring_smp_load_acquire(ring_.cq.ktail) != __atomic_load_n(ring_.cq.khead, __ATOMIC_RELAXED) ||
         io_uring_cq_has_overflow(&ring_);
}

bool uring::take(completion& next) noexcept {
  io_uring_cqe* cqe = nullptr;
  if (io_uring_cq_has_overflow(&ring_)) {
    (void)raw_syscall(SYS_io_uring_enter, fd(), 0, 0, IORING_ENTER_GETEVENTS, 0, 0);
  }
  if (__io_uring_peek_cqe(&ring_, &cqe, nullptr) != 0 || cqe == nullptr) return false;
  next = {cqe->user_data, cqe->res};
  io_uring_cq_advance(&ring_, 1);
  return true;
}

}  // namespace rt0::sys
