#include "runtime/sched/signal_mask.h"

#include "rt0/arch.h"
#include "runtime/sched/signal.h"

namespace rt0 {
namespace {

constexpr sys::sigset everything = ~sys::sigset{0};

void set(sys::sigset mask) noexcept { (void)sys::sigprocmask(sys::mask_how::set, &mask, nullptr); }

// The runtime's own Ms, sysmon and the receiver, take none of the program's signals by a handler.
constexpr sys::sigset of_system_ms = everything & ~(fault_signals | sys::sig_bit(call_signal));

// ucontext: the interrupted code's, whose mask the handler's return sets.
void block_more(void* arg, void* ucontext) {
  const sys::sigset more = *static_cast<const sys::sigset*>(arg);
  if (ucontext == nullptr) {
    (void)sys::sigprocmask(sys::mask_how::block, &more, nullptr);
  } else if (getm()->start == nullptr) {
    interrupted_mask(ucontext) |= more;
  }
}

}  // namespace

void take_over(sys::sigset signals) noexcept {
  signals &= ~(never_blocked | fault_signals);
  if ((signals & ~sched.sigmask.load(std::memory_order_acquire)) == 0) return;  // pairs with: the store below
  lock_guard hold(sched.births);
  sys::sigset more = signals & ~sched.sigmask.load(std::memory_order_relaxed);
  if (more == 0) return;
  on_every_m(block_more, &more, turns::all_at_once);
  // pairs with: the load above, adopt_mask's, the receiver's
  sched.sigmask.store(sched.sigmask.load(std::memory_order_relaxed) | more, std::memory_order_seq_cst);
  ring_receiver();
}

void adopt_mask() noexcept {
  // All is blocked from before the look until the mask is this M's: who takes more over meanwhile waits for
  // us.
  set(everything);
  const m* mp = getm();
  // pairs with: take_over
  set(mp->start != nullptr ? of_system_ms : sched.sigmask.load(std::memory_order_acquire));
}

}  // namespace rt0
