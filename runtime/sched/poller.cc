// Source: Go 1.21 proc.go findRunnable's last part, wakeNetPoller, netpollBreak.
#include "runtime/sched/poller.h"

#include "rt0/arch.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/runq.h"
#include "sys/clock.h"

namespace rt0 {
namespace {

constexpr std::int64_t deadline_unknown = 0;  // any timer is earlier: break

const netpoller* netpoller_in_use() noexcept {
  return sched.netpoll.load(std::memory_order_seq_cst);  // pairs with: install_netpoller's store
}

// A poller that sleeps on the note although there is a netpoller by now looks again for that reason alone
// (install_netpoller). One that sleeps in the netpoller, although we saw none, looked at the heaps after we
// had added our timer.
void interrupt() noexcept {
  if (const netpoller* np = netpoller_in_use()) {
    np->interrupt();
  } else {
    sched.poll_break.wakeup();
  }
}

void break_poll(std::int64_t when_ns) noexcept {
  const std::int64_t until = sched.poll_until_ns.load(std::memory_order_seq_cst);
  if (until == deadline_unknown || until > when_ns) interrupt();
}

void sleep_in(const netpoller* np) noexcept {
  np->claim();
  const std::int64_t until_ns = earliest_timer();
  sched.poll_until_ns.store(until_ns, std::memory_order_seq_cst);
  // Again, after the store: who adds a timer looks at poll_until after the add.
  m* mp = getm();
  mp->in_netpoller = true;
  if (earliest_timer() >= until_ns) np->sleep(until_ns);
  mp->in_netpoller = false;
  np->release();
}

}  // namespace

void install_netpoller(const netpoller* np) noexcept {
  sched.netpoll.store(np, std::memory_order_seq_cst);
  // It sleeps on the note now, or will: it is to look again.
  if (sched.lastpoll_ns.load(std::memory_order_seq_cst) == 0) sched.poll_break.wakeup();
}

bool netpoll() noexcept {
  if (sched.netpoll_pending.load(std::memory_order_relaxed) == 0) return false;
  const netpoller* np = netpoller_in_use();
  return np != nullptr && np->take();
}

bool poll(std::int64_t until_ns) noexcept {
  // 0: it is ours. seq_cst: after the look at the heaps, pairs with wake_poller
  if (sched.lastpoll_ns.exchange(0, std::memory_order_seq_cst) == 0) {
    break_poll(until_ns);
    return false;
  }
  if (const netpoller* np = netpoller_in_use()) {
    sleep_in(np);
  } else {
    sched.poll_until_ns.store(until_ns, std::memory_order_seq_cst);
    (void)sched.poll_break.sleep_until(until_ns);
  }
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

void need_poller() noexcept {
  m_locks_inc();
  if (!runqempty(getm()->p) && sched.lastpoll_ns.load(std::memory_order_seq_cst) != 0) wakep();
  m_locks_dec();
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

bool poller_has_work() noexcept {
  if (earliest_timer() <= sys::nanotime()) return true;
  const netpoller* np = netpoller_in_use();
  return np != nullptr && np->ready();
}

}  // namespace rt0
