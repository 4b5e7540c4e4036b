// What a back-end of netpoll is.
#pragma once
#include "runtime/io/netpoll.h"
#include "runtime/sched/poller.h"

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

extern const io_backend ring_backend, epoll_backend;

}  // namespace rt0
