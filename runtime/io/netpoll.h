// netpoll: a goroutine waits for the kernel, its M does not.
//
// Who should use it: the C library's blocking calls (runtime/libc) and <rt/net.h>. Who should not: calls on
// paths, fsync and whatever goes to io-wq as an operation: 2 to 7 times slower so than by a hand-off
// (sched/syscall.h).
//
// Two ways to wait, of which each operation has its own:
//
//   readiness   sockets, pipes, terminals, whatever poll knows: the operation is tried without blocking, and
//               again when epoll says that the descriptor is ready (readiness.h). Half of what an operation
//               of the ring costs: that is run at the interrupt, while the sender still holds the socket's
//               lock.
//   operation   files, accept, connect, children: io_uring does it, and tells when it is done (ring.h). Where
//               rings are refused (a seccomp filter, an old kernel, RT0_DEBUG=uring=0) the caller hands the
//               call off; accept goes by readiness then.
//
// The poller sleeps in epoll, which also watches the ring.
//
// A goroutine waits in the wait table, for a word: the slot's that counts edges, or its own that counts
// completions. Who changes it then wakes by the address alone: the waiter may be gone.
//
// Invariant: what an operation points to outlives it: netpoll_run() returns when it has come back.
#pragma once
#include <poll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/sched/park.h"
#include "sys/uring.h"

namespace rt0 {

using sys::ring_op;

// A wait that somebody else may end. On the waiter's stack, or wherever a canceller finds it; the canceller
// sees to it that the wait has not returned.
struct io_waiter {
  static constexpr std::uint32_t give_up = 1u << 31;
  std::uint32_t word = 0;                          // counts what came back, or give_up
  std::atomic<std::uint32_t*> waits_for{nullptr};  // that word, or a slot's
};

enum class io_direction : std::uint8_t { in = 1, out = 2 };

// What a goroutine knew of a descriptor before it tried an operation: edges that come later end its wait.
struct io_seen {
  std::uint32_t in, out;
  bool empty;  // nothing came since a read that took all
  bool plain;  // it was found to block and to have no timeouts, and nothing was changed since
};
io_seen netpoll_look(int fd) noexcept;

// The descriptor was asked after `seen` and blocks without a timeout. flags: of netpoll_flags, before.
void netpoll_is_plain(int fd, io_seen seen, std::uint64_t flags) noexcept;
// Counts the changes of any descriptor's flags or timeouts: dup'ed ones share them, so all are asked again.
std::uint64_t netpoll_flags() noexcept;
void netpoll_changes_flags() noexcept;

// Tries the operation without blocking, as attempt.h; -EAGAIN: it would block. may_wait: the caller waits
// then, with `seen`, which is from before; so a socket that is known to be empty need not be asked.
long netpoll_try(const ring_op& op, io_seen& seen, bool may_wait) noexcept;

// Parks until there was an edge in this direction since `seen`. 0: try again. -ETIMEDOUT after deadline_ns on
// CLOCK_MONOTONIC, -ECANCELED after netpoll_cancel, -EINTR when the goroutine's attention is asked for
// (sched/interrupt.h): the caller attends. -EPERM: this file cannot be waited for; else the kernel's error.
long netpoll_wait(int fd, io_direction direction, io_seen seen, std::int64_t deadline_ns,
                  io_waiter& waiter) noexcept;

// Does the operation, parks until it is done, and returns the kernel's result, or why not as above.
long netpoll_run(const ring_op& op, std::int64_t deadline_ns, io_waiter& waiter) noexcept;
// Whether netpoll_run can do it; else it is for a hand-off. READ and READV may still answer -EPERM for a
// file.
bool netpoll_can(const ring_op& op) noexcept;

// All of it: tries, waits, and tries again, or runs it. tried: it was tried with that, and would have
// blocked; nullptr: it was not.
long netpoll_complete(const ring_op& op, const io_seen* tried, std::int64_t deadline_ns,
                      io_waiter& waiter) noexcept;

// Opens what a first wait opens. False: there are no descriptors, or no memory, for it.
bool netpoll_open() noexcept;

// Ends a wait, the present one or the next with this waiter. Any goroutine; never parks.
void netpoll_cancel(io_waiter& waiter) noexcept;

// A wait for several descriptors at once, poll's and select's. Only after netpoll_open().
class poll_set {
 public:
  // A descriptor's place in its slot's list.
  struct node {
    node* next;
    node** link;
    std::uint32_t* word;
    int fd;
  };
  // nodes: room for one a descriptor. They are in use until the set's end.
  poll_set(const pollfd* fds, std::size_t count, node* nodes) noexcept;
  ~poll_set();
  poll_set(const poll_set&) = delete;

  // False: one of them cannot be waited for.
  bool valid() const noexcept { return valid_; }
  std::uint32_t seen() const noexcept { return __atomic_load_n(&waiter_.word, __ATOMIC_SEQ_CST); }
  // Parks until an edge of one of them came after `seen`, which was read before the caller asked all by
  // poll(2). Results as netpoll_wait's.
  long wait(std::uint32_t seen, std::int64_t deadline_ns) noexcept;

 private:
  io_waiter waiter_;
  node* nodes_;
  std::size_t used_ = 0;
  bool valid_ = true;
};

// Numbers from first to last are about to be closed, or to mean other files; and again when that has
// happened.
void netpoll_forget(unsigned first, unsigned last) noexcept;
void netpoll_forgotten(unsigned first, unsigned last) noexcept;

// In the child of a fork: the parent's operations, its ring and its epoll instance are not ours.
void netpoll_fork_child() noexcept;

// Descriptors of the runtime itself, that a program must not close; -1: none.
struct netpoll_fds {
  int fd[3];
  bool has(int n) const noexcept { return n >= 0 && (n == fd[0] || n == fd[1] || n == fd[2]); }
};
netpoll_fds netpoll_own() noexcept;

}  // namespace rt0
