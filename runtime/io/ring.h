// Operations that io_uring does: for what readiness does not know (files), or cannot express (accept,
// connect, a child's end).
//
//   submitted --completes--> taken by whoever looks --wake--> ring_run() returns its result
//       |
//       deadline, interruption, cancel: cancelled --completes--> taken --wake--> ring_run() returns
//       -ETIMEDOUT, -EINTR, -ECANCELED, or the result, if it was sooner
//
// One ring for all Ms. Submission under a lock, each operation handed to the kernel before its goroutine
// parks: an SQE holds a descriptor's number, and until the kernel has seen it another goroutine could close
// the number and open another file under it. So no close has anything to flush.
//
// A ring per P was rejected: a ring's completions come by way of the thread that submitted, and that thread
// may be in a long call without the P. Sockets by the ring were rejected: see netpoll.h.
#pragma once
#include "runtime/io/netpoll.h"

namespace rt0 {

enum class ring_opened { yes, not_now, refused };

ring_opened ring_open() noexcept;
bool ring_supports(std::uint8_t opcode) noexcept;
long ring_run(const ring_op& op, std::int64_t deadline_ns, io_waiter& waiter) noexcept;
void ring_after_fork() noexcept;
// -1: there is none.
int ring_fd() noexcept;

// Something has completed. No system call.
bool ring_ready() noexcept;
// Makes the goroutines of what has completed runnable. By one M at a time.
bool ring_take() noexcept;

}  // namespace rt0
