// Source: Go 1.21 proc.go findRunnable's last part, wakeNetPoller.
#include "runtime/sched/poller.h"

#include "runtime/sched/machine.h"
#include "sys/clock.h"

namespace rt0 {
namespace {

constexpr std::int64_t deadline_unknown = 0;  // any timer is earlier: break

void break_poll(std::int64_t when_ns) noexcept {
  const std::int64_t until = sched.poll_until_ns.load(std::memory_order_seq_cst);
  if (until == deadline_unknown || until > when_ns) sched.poll_break.wakeup();
}

}  // namespace

bool poll(std::int64_t until_ns) noexcept {
  // 0: it is ours. seq_cst: after the look at the heaps, pairs with wake_poller
  if (sched.lastpoll_ns.exchange(0, std::memory_order_seq_cst) == 0) {
    break_poll(until_ns);
    return false;
  }
  sched.poll_until_ns.store(until_ns, std::memory_order_seq_cst);
  (void)sched.poll_break.sleep_until(until_ns);
  // A break from here on meets the next poller, which then wakes once for nothing.
  sched.poll_break.clear();
  sched.poll_until_ns.store(deadline_unknown, std::memory_order_seq_cst);
  sched.lastpoll_ns.store(sys::nanotime(), std::memory_order_seq_cst);
  return true;
}

void wake_poller(std::int64_t when_ns) noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);  // the timer's store, then these loads: see poller.h
  if (sched.lastpoll_ns.load(std::memory_order_seq_cst) == 0) {
    break_poll(when_ns);
  } else {
    wakep();
  }
}

std::int64_t earliest_timer() noexcept {
  std::int64_t earliest = no_timer;
  const int used = sched.fresh_p.load(std::memory_order_acquire);  // pairs with: pidleget's store(release)
  for (int i = 0; i < used; i++) {
    const std::int64_t when = p_at(i).timers.next_when();
    if (when < earliest) earliest = when;
  }
  return earliest;
}

}  // namespace rt0
