#include "runtime/signal/wait.h"

#include <errno.h>

#include "rt0/arch.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/park.h"
#include "runtime/sched/signal_mask.h"
#include "runtime/signal/attend.h"
#include "runtime/signal/mask.h"
#include "runtime/signal/receiver.h"
#include "runtime/signal/send.h"

namespace rt0 {
namespace {

void begin_wait_for(sys::sigset set) noexcept {
  lock_guard hold(signal_lock);
  begin_signal_wait(set);
}

void end_wait() noexcept {
  lock_guard hold(signal_lock);
  end_signal_wait();
}

// 0: none is there.
int take_now(sys::sigset set, siginfo_t* info) noexcept {
  signal_node* node = nullptr;
  int signal = 0;
  {
    lock_guard hold(signal_lock);
    signal = take_for(getg(), set, &node);
  }
  if (signal != 0) *info = node != nullptr ? node->info : own_info(signal, SI_USER);
  free_node(node);
  return signal;
}

int wait_awaited(sys::sigset set, siginfo_t* info, std::int64_t deadline_ns) noexcept {
  const interruption since;
  for (bool timed_out = false;;) {
    // A sender puts the signal into a queue before it raises the attention to which the wait is open.
    if (const int signal = take_now(set, info); signal != 0) return signal;
    if (timed_out) return -EAGAIN;
    timed_out = gopark(begin_wait(open_bits()), wait_reason::signal, deadline_ns) == claim_state::timed_out;
    attend();
    if (since.handler_ran() || asked_to_end()) return -EINTR;
  }
}

}  // namespace

int wait_for_signal(sys::sigset set, siginfo_t* info, std::int64_t deadline_ns) noexcept {
  set &= ~never_blocked;
  take_over(set);
  ensure_receiver();
  take_back(set);
  take_from_kernel(set & sched.sigmask.load(std::memory_order_relaxed));
  if (const int signal = take_now(set, info); signal != 0) return signal;
  begin_wait_for(set);
  const int signal = wait_awaited(set, info, deadline_ns);
  end_wait();
  pass_on(set);  // of two that came for us, one is left
  return signal;
}

void suspend_until_handler(sys::sigset mask) noexcept {
  const interruption since;
  ensure_receiver();
  begin_wait_for(0);
  begin_mask(mask);
  attend();
  while (!since.handler_ran() && !asked_to_end()) {
    (void)gopark(begin_wait(open_bits()), wait_reason::signal, forever);
    attend();
  }
  end_wait();
  if (!since.handler_ran()) end_mask();
}

// While it waits, no deadlock is reported: a signal may come.
void begin_signal_wait(sys::sigset awaited) noexcept {
  signal_state& s = getg()->signals;
  s.waits = true;
  s.awaited.store(awaited, std::memory_order_relaxed);
  sched.signal_waits.fetch_add(1, std::memory_order_relaxed);
}

void end_signal_wait() noexcept {
  signal_state& s = getg()->signals;
  if (!s.waits) return;
  s.waits = false;
  s.awaited.store(0, std::memory_order_relaxed);
  sched.signal_waits.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace rt0
