#include "runtime/signal/mask.h"

#include <errno.h>

#include "rt0/arch.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/signal_mask.h"
#include "runtime/signal/attend.h"
#include "runtime/signal/receiver.h"
#include "runtime/signal/send.h"

namespace rt0 {
namespace {

sys::sigset changed(sys::mask_how how, sys::sigset before, sys::sigset by) noexcept {
  switch (how) {
    case sys::mask_how::block: return before | by;
    case sys::mask_how::unblock: return before & ~by;
    case sys::mask_how::set: return by;
  }
  return before;
}

// Signals that leave the mask and may be waiting in the kernel: they come to the process's queue.
void fetch(sys::sigset unblocked) noexcept {
  unblocked &= sched.sigmask.load(std::memory_order_relaxed);
  if (unblocked == 0) return;
  ensure_receiver();
  take_back(unblocked);
  take_from_kernel(unblocked);
}

}  // namespace

void set_mask(sys::sigset mask) noexcept {
  mask &= ~never_blocked;
  take_over(mask);
  g* gp = getg();
  sys::sigset before = 0, more = 0;
  bool due = false;
  const auto store = [&] {
    lock_guard hold(signal_lock);
    before = gp->signals.mask.load(std::memory_order_relaxed);
    more = mask & ~before;
    gp->signals.mask.store(mask, std::memory_order_relaxed);
    due = (waiting_for(gp) & ~mask) != 0;
    more &= waiting_for(gp);
  };
  store();
  if (more != 0) pass_on(more);
  if (const sys::sigset less = before & ~mask; less != 0) {
    fetch(less);
    store();
  }
  if (due) interrupt(gp, attend_signal);
}

sys::ret<int> change_mask(sys::mask_how how, const sys::sigset* wanted, sys::sigset* old) noexcept {
  if (wanted != nullptr && (static_cast<int>(how) < 0 || how > sys::mask_how::set)) {
    return sys::ret<int>::from_raw(-EINVAL);
  }
  const sys::sigset before = getg()->signals.mask.load(std::memory_order_relaxed);
  if (wanted != nullptr) {
    const sys::sigset after = changed(how, before, *wanted) & ~never_blocked;
    if (old != nullptr) *old = before;
    if (after != before) {
      set_mask(after);
      attend();
    }
  } else if (old != nullptr) {
    *old = before;
  }
  return sys::ret<int>::from_raw(0);
}

sys::sigset pending_signals() noexcept {
  const sys::sigset in_kernel = sys::pending_signals();
  lock_guard hold(signal_lock);
  const g* gp = getg();
  return (waiting_for(gp) | in_kernel) & gp->signals.mask.load(std::memory_order_relaxed);
}

void begin_mask(sys::sigset mask) noexcept {
  signal_state& s = getg()->signals;
  s.mask_after = s.mask.load(std::memory_order_relaxed);
  s.has_mask_after = true;
  set_mask(mask);
}

void end_mask() noexcept {
  signal_state& s = getg()->signals;
  if (!s.has_mask_after) return;
  s.has_mask_after = false;
  set_mask(s.mask_after);
}

}  // namespace rt0
