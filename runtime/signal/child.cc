#include "runtime/signal/child.h"

#include "rt0/arch.h"
#include "runtime/sched/interrupt.h"
#include "runtime/signal/receiver.h"
#include "runtime/signal/send.h"
#include "runtime/signal/wait.h"

namespace rt0 {

void signals_in_child() noexcept {
  signal_node* gone = nullptr;
  {
    lock_guard hold(signal_lock);
    gone = take_all_anywhere(~sys::sigset{0});
    const std::uint32_t n = allg_count();
    for (std::uint32_t i = 0; i < n; i++) {
      g* gp = allg_at(i);
      // A write to a G copies its page, and most are as they should be.
      if (gp->attention.load(std::memory_order_relaxed) != 0) attended(gp, attend_signal | attend_cancel);
      if (gp->signals.awaited.load(std::memory_order_relaxed) != 0 || gp->signals.waits) {
        gp->signals.awaited.store(0, std::memory_order_relaxed);
        gp->signals.waits = false;
      }
    }
  }
  free_nodes(gone);
  sched.signal_waits.store(0, std::memory_order_relaxed);
  forget_receiver();
}

void receiver_in_child() noexcept {
  if (sched.handled.load(std::memory_order_relaxed) != 0) ensure_receiver();
}

}  // namespace rt0
