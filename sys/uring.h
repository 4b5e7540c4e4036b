// io_uring: one ring with flags 0, by liburing where liburing 2.3 knows the feature.
//
// SINGLE_ISSUER, DEFER_TASKRUN and COOP_TASKRUN are left out: a goroutine's M may be in a system call, or in
// user code for long, while its operation completes, and each of the three holds the completion back until
// that very M enters the kernel again (measured: 50 ms and more; 0.7 ms median with COOP).
//
// Nobody sleeps in it: its descriptor is readable while completions are there.
//
// No locks here. Who prepares and submits holds one of his own, who takes completions another.
#pragma once
#include <errno.h>
#include <liburing.h>

#include <cstdint>

#include "sys/fault.h"
#include "sys/ret.h"

namespace rt0::sys {

// An operation: the fields of an SQE by their names there.
struct ring_op {
  std::uint8_t opcode;
  std::int32_t fd;
  std::uint64_t off;
  std::uint64_t addr;
  std::uint32_t len;
  std::uint32_t op_flags;        // msg_flags, rw_flags, poll32_events, accept_flags, waitid_flags
  std::uint32_t file_index = 0;  // waitid: which
};

// Opcodes beyond liburing 2.3's.
inline constexpr std::uint8_t ring_op_waitid = 50;

struct completion {
  std::uint64_t user_data;
  std::int32_t result;  // -errno on failure
};

class uring {
 public:
  constexpr uring() = default;
  uring(const uring&) = delete;

  // ENOSYS, EPERM: the kernel, or a seccomp filter, has none.
  ret<int> open(unsigned sq_entries, unsigned cq_entries) noexcept;
  // In a child of fork: lets go of the parent's ring without touching what is in it.
  void forget() noexcept;
  int fd() const noexcept { return ring_.ring_fd; }

  // True if the kernel's probe lists the opcode.
  bool supports(unsigned opcode) const noexcept { return opcode < 64 && (opcodes_ >> opcode & 1) != 0; }
  // At most so many workers for what cannot be polled; 0: as the kernel likes.
  ret<int> limit_workers(unsigned bounded, unsigned unbounded) noexcept;

  // --- the submitter's side
  // False: the queue is full; submit, then try again.
  bool prepare(const ring_op& op, std::uint64_t user_data) noexcept;
  // Hands what is prepared to the kernel. May complete some of it at once. EAGAIN, EBUSY: later.
  ret<int> submit() noexcept {
    return ret<int>::from_raw(fault(fault_kind::memory) ? -EAGAIN : io_uring_submit(&ring_));
  }

  // --- the taker's side
  // Something has completed. No system call; any thread.
  bool ready() const noexcept;
  // The next completion; false: none. Fetches what overflowed.
  bool take(completion& next) noexcept;

 private:
  io_uring ring_{};
  std::uint64_t opcodes_ = 0;
};

}  // namespace rt0::sys
