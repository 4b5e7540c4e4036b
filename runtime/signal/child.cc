#include "runtime/signal/child.h"

#include "rt0/arch.h"
#include "runtime/sched/interrupt.h"
#include "runtime/signal/receiver.h"
#include "runtime/signal/send.h"

namespace rt0 {

void signals_fork_prepare() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { signal_lock.lock(); }
void signals_fork_parent() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { signal_lock.unlock(); }

void signals_fork_child() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS {
  g* gp = getg();
  // The others' are not looked at: they are not in the child, and their pages are its parent's.
  signal_node* gone = forget_waiting(gp);
  gp->signals.waits = false;
  gp->signals.awaited.store(0, std::memory_order_relaxed);
  sched.signal_waits.store(0, std::memory_order_relaxed);
  attended(gp, attend_signal | attend_cancel);
  sched.attentive.store(0, std::memory_order_relaxed);
  forget_receiver();
  signal_lock.unlock();
  free_nodes(gone);
}

void receiver_in_child() noexcept {
  const signal_listeners* listeners = sched.listeners.load(std::memory_order_relaxed);
  const bool notified = listeners != nullptr && listeners->any();
  if (notified || sched.handled.load(std::memory_order_relaxed) != 0) ensure_receiver();
}

}  // namespace rt0
