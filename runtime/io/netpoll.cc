#include "runtime/io/netpoll.h"

#include "runtime/base/debug_options.h"
#include "runtime/io/backend.h"
#include "runtime/lock/mutex.h"
#include "runtime/sched/sched.h"
#include "runtime/sync/wait_table.h"

namespace rt0 {
namespace {

struct netpoll_state {
  mutex<lock_rank::netpoll_open> opening;
  std::atomic<const io_backend*> backend{nullptr};
};

constinit netpoll_state state;

const io_backend* open_backend() noexcept {
  lock_guard hold(state.opening);
  const io_backend* backend = state.backend.load(std::memory_order_relaxed);
  if (backend != nullptr) return backend;
  for (const io_backend* candidate : {&ring_backend, &epoll_backend}) {
    if ((candidate == &ring_backend && debug.uring == 0) || !candidate->open()) continue;
    install_netpoller(&candidate->poller);
    state.backend.store(candidate, std::memory_order_release);  // pairs with: in_use
    return candidate;
  }
  return nullptr;
}

const io_backend* in_use() noexcept {
  const io_backend* backend = state.backend.load(std::memory_order_acquire);  // pairs with: open_backend
  return backend != nullptr ? backend : open_backend();
}

}  // namespace

bool netpoll_can(const ring_op& op) noexcept {
  const io_backend* backend = in_use();
  return backend != nullptr && backend->can(op);
}

std::size_t netpoll_most_at_once() noexcept {
  const io_backend* backend = in_use();
  return backend != nullptr ? backend->most_at_once : 0;
}

long netpoll_run_any(const ring_op* ops, std::int32_t* results, std::size_t count, std::int64_t deadline_ns,
                     io_waiter& waiter) noexcept {
  return in_use()->run_any(ops, results, count, deadline_ns, waiter);
}

long netpoll_run(const ring_op& op, std::int64_t deadline_ns, io_waiter& waiter) noexcept {
  std::int32_t result = 0;
  const long outcome = netpoll_run_any(&op, &result, 1, deadline_ns, waiter);
  return outcome != 0 ? outcome : result;
}

long netpoll_run(const ring_op& op, std::int64_t deadline_ns) noexcept {
  io_waiter waiter;
  return netpoll_run(op, deadline_ns, waiter);
}

// pairs with: a back-end's store of waits_for, then its look at the word: one of us sees the other
// (StoreLoad).
void netpoll_cancel(io_waiter& waiter) noexcept {
  __atomic_fetch_or(&waiter.word, io_waiter::give_up, __ATOMIC_SEQ_CST);
  std::uint32_t* const waits_for = waiter.waits_for.load(std::memory_order_seq_cst);
  if (waits_for == nullptr) return;
  if (waits_for != &waiter.word) __atomic_fetch_add(waits_for, 1, __ATOMIC_SEQ_CST);
  (void)wake(waits_for, INT32_MAX);
}

void netpoll_forget(int fd) noexcept {
  if (const io_backend* backend = state.backend.load(std::memory_order_acquire)) backend->forget(fd);
}

netpoll_fds netpoll_own() noexcept {
  const io_backend* backend = state.backend.load(std::memory_order_acquire);
  return backend != nullptr ? backend->own() : netpoll_fds{{-1, -1}};
}

void netpoll_fork_child() noexcept {
  if (const io_backend* backend = state.backend.load(std::memory_order_relaxed)) backend->after_fork();
  state.backend.store(nullptr, std::memory_order_relaxed);
  sched.netpoll.store(nullptr, std::memory_order_relaxed);
  sched.netpoll_pending.store(0, std::memory_order_relaxed);
}

}  // namespace rt0
