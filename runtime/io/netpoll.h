// netpoll: a goroutine waits for the kernel, its M does not.
//
// Who should use it: the C library's blocking calls (runtime/libc), which try without blocking first. Who
// should not: calls on paths, fsync and whatever goes to io-wq as an operation: 2 to 7 times slower so than
// by a hand-off (sched/syscall.h).
//
// Two back-ends behind one interface, of which the first use takes the better that the kernel offers: ring.cc
// (io_uring) and epoll.cc (epoll, where a seccomp filter or an old kernel refuses rings, or by
// RT0_DEBUG=uring=0).
//
//   submitted --completes--> taken by whoever looks --wake--> run() returns its result
//       |
//       deadline, interruption: cancelled --completes--> taken --wake--> run() returns -ETIMEDOUT, -EINTR, or
//                                                                  the result, if it was sooner
//
// Invariant: what an operation points to outlives it: run() returns when every operation has come back.
//
// A goroutine waits in the wait table, for the word that counts what came back: the taker's last touch of a
// waiter's stack is that count, and wake() then needs the address alone.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/sched/park.h"
#include "sys/uring.h"

namespace rt0 {

using sys::ring_op;

// The word that a waiting goroutine waits for: how many of its operations came back, and whether somebody
// wants it to give up. On the waiter's stack, or wherever a canceller finds it; the canceller sees to it that
// the wait has not returned.
struct io_waiter {
  static constexpr std::uint32_t give_up = 1u << 31;
  std::uint32_t word = 0;
  std::atomic<std::uint32_t*> waits_for{nullptr};  // epoll: the slot's word instead
};

// Whether the back-end in use can do this operation; else it is for a hand-off. Opens the back-end.
bool netpoll_can(const ring_op& op) noexcept;

// Submits the operation and parks the running goroutine until it came back. Returns the kernel's result, or
// -ETIMEDOUT after deadline_ns on CLOCK_MONOTONIC, -ECANCELED after netpoll_cancel, -EINTR when the
// goroutine's attention is asked for (sched/interrupt.h): the caller attends.
long netpoll_run(const ring_op& op, std::int64_t deadline_ns) noexcept;
long netpoll_run(const ring_op& op, std::int64_t deadline_ns, io_waiter& waiter) noexcept;

// Ends a wait, the present one or the next with this waiter. Any goroutine; never parks.
void netpoll_cancel(io_waiter& waiter) noexcept;

// How many operations one wait may have; 0: there is no back-end at all.
std::size_t netpoll_most_at_once() noexcept;

// The same for several, until the first came back; the others are cancelled. results[i] is -ECANCELED for
// those. Returns 0, or -ETIMEDOUT if none came.
long netpoll_run_any(const ring_op* ops, std::int32_t* results, std::size_t count, std::int64_t deadline_ns,
                     io_waiter& waiter) noexcept;

// A descriptor's number is about to be closed, or to mean another file.
void netpoll_forget(int fd) noexcept;

// In the child of a fork: the parent's operations and its ring are not ours.
void netpoll_fork_child() noexcept;

// Descriptors of the runtime itself, that a program must not close; -1: none.
struct netpoll_fds {
  int fd[2];
  bool has(int n) const noexcept { return n >= 0 && (n == fd[0] || n == fd[1]); }
};
netpoll_fds netpoll_own() noexcept;

}  // namespace rt0
