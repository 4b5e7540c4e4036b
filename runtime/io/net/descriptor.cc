#include "runtime/io/net/descriptor.h"

#include <errno.h>
#include <unistd.h>

#include <functional>

#include "runtime/libc/members/core_abi.h"

namespace rt::net::detail {

// A call that waits, on its goroutine's stack. What wakes it says why.
struct descriptor::wait {
  rt0::io_waiter waiter;
  direction which;
  bool stopped = false;  // by its stop_token
  wait* next = nullptr;
  wait** link = nullptr;

  void end() noexcept { rt0_io_cancel(&waiter); }
};

// A place in the list of those that wait.
class descriptor::use {
 public:
  use(descriptor& d, wait& w) noexcept : d_(d), w_(w) {
    std::lock_guard hold(d_.waits_mutex_);
    w_.next = d_.waits_;
    w_.link = &d_.waits_;
    if (w_.next != nullptr) w_.next->link = &w_.next;
    d_.waits_ = &w_;
  }
  use(const use&) = delete;
  ~use() {
    std::lock_guard hold(d_.waits_mutex_);
    *w_.link = w_.next;
    if (w_.next != nullptr) w_.next->link = w_.link;
  }

 private:
  descriptor& d_;
  wait& w_;
};

bool descriptor::enter() noexcept {
  std::uint32_t state = state_.load(std::memory_order_relaxed);
  do {
    if ((state & closed) != 0) return false;
  } while (
      !state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire, std::memory_order_relaxed));
  refs_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void descriptor::leave() noexcept {
  // acq_rel, pairs with: the other uses' leave: the last one sees all of them done
  if (state_.fetch_sub(1, std::memory_order_acq_rel) == (closed | 1)) {
    ::close(fd_);
    if (!path_to_remove.empty()) ::unlink(path_to_remove.c_str());
  }
  unref();
}

void descriptor::unref() noexcept {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;  // pairs with: the others' unref
}

int descriptor::fd() const noexcept {
  return (state_.load(std::memory_order_relaxed) & closed) != 0 ? -1 : fd_;
}

void descriptor::close() noexcept {
  // seq_cst, then the list; who waits is in the list, then looks at the state (StoreLoad).
  if ((state_.fetch_or(closed, std::memory_order_seq_cst) & closed) != 0) return;
  {
    std::lock_guard hold(waits_mutex_);
    for (wait* w = waits_; w != nullptr; w = w->next) w->end();
  }
  refs_.fetch_add(1, std::memory_order_relaxed);
  leave();
}

void release::operator()(descriptor* d) const noexcept {
  d->close();
  d->unref();
}

void descriptor::set_deadline(direction which, time_point when) noexcept {
  deadline_ns_[static_cast<int>(which)].store(when.time_since_epoch().count(), std::memory_order_seq_cst);
  std::lock_guard hold(waits_mutex_);
  for (wait* w = waits_; w != nullptr; w = w->next) {
    if (w->which == which) w->end();  // it looks at the deadline again
  }
}

long descriptor::wait_for(direction which, const rt0::ring_op& op, const rt0::io_seen* tried,
                          const std::stop_token& stop) noexcept {
  for (;;) {
    wait w{.waiter{}, .which = which};
    use listed(*this, w);
    const auto stop_it = [&]() noexcept {
      std::lock_guard hold(waits_mutex_);
      w.stopped = true;
      w.end();
    };
    std::stop_callback<decltype(stop_it)> on_stop(stop, stop_it);
    if ((state_.load(std::memory_order_seq_cst) & closed) != 0) return -ECANCELED;
    const std::int64_t deadline_ns = deadline_ns_[static_cast<int>(which)].load(std::memory_order_seq_cst);
    const long result = rt0_io_complete(&op, tried, deadline_ns != 0 ? deadline_ns : rt0::forever, &w.waiter);
    if (result != -ECANCELED) return result;
    std::lock_guard hold(waits_mutex_);
    if (w.stopped || (state_.load(std::memory_order_relaxed) & closed) != 0) return -ECANCELED;
  }
}

long descriptor::refusal(direction which, const std::stop_token& stop) const noexcept {
  if (stop.stop_requested()) return -ECANCELED;
  const std::int64_t deadline_ns = deadline_ns_[static_cast<int>(which)].load(std::memory_order_relaxed);
  const bool passed = deadline_ns != 0 && time_point::clock::now().time_since_epoch().count() >= deadline_ns;
  return passed ? -ETIMEDOUT : 0;
}

long descriptor::run(direction which, rt0::ring_op op, const std::stop_token& stop) noexcept {
  const hold use(this);
  if (!use) return -EBADF;
  op.fd = fd_;
  if (const long refused = refusal(which, stop)) return refused;
  rt0::io_seen seen;
  const long result = rt0_io_try(&op, &seen);
  if (result != -EAGAIN && result != -EOPNOTSUPP && result != -EINTR) return result;
  return wait_for(which, op, result == -EAGAIN ? &seen : nullptr, stop);
}

}  // namespace rt::net::detail
