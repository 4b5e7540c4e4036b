// What a back-end of netpoll is.
#pragma once
#include <errno.h>

#include "runtime/io/netpoll.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/poller.h"
#include "runtime/sync/wait_table.h"

namespace rt0 {

struct io_backend {
  bool (*open)() noexcept;  // false: the kernel refuses it
  bool (*can)(const ring_op& op) noexcept;
  std::size_t most_at_once;  // operations of one wait
  long (*run_any)(const ring_op* ops, std::int32_t* results, std::size_t count, std::int64_t deadline_ns,
                  io_waiter& waiter) noexcept;
  void (*forget)(int fd) noexcept;
  void (*after_fork)() noexcept;
  netpoll_fds (*own)() noexcept;
  netpoller poller;
};

// What a wait's end makes of the operation: 0, or why it is taken back.
inline long outcome_of(wait_result how) noexcept {
  return how == wait_result::timed_out ? -ETIMEDOUT : how == wait_result::interrupted ? -EINTR : 0;
}

extern const io_backend ring_backend, epoll_backend;

}  // namespace rt0
