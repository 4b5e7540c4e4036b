#include "runtime/signal/receiver.h"

#include "rt0/arch.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/signal.h"
#include "runtime/sched/signal_mask.h"
#include "runtime/sched/sysmon.h"
#include "runtime/signal/directed.h"
#include "runtime/signal/send.h"
#include "sys/process.h"

namespace rt0 {
namespace {

constinit std::atomic<bool> made{false};
constinit std::atomic<sys::sigset> left{0};
constinit siginfo_t in_hand{};  // the receiver's; si_signo: 0, or what is on its way

std::atomic_ref<int> signal_in_hand() noexcept { return std::atomic_ref<int>(in_hand.si_signo); }

// A fault's signal that somebody sent was forwarded to this thread.
sys::sigset received() noexcept {
  const sys::sigset set =
      sched.sigmask.load(std::memory_order_seq_cst) & ~left.load(std::memory_order_seq_cst);
  return set | fault_signals | sys::sig_bit(doorbell_signal);
}

[[noreturn]] void receive() {
  {
    lock_guard hold(sched.lock);
    sched.nmsys++;
    checkdead();
  }
  // Forwarded faults must not enter the handler here.
  constexpr sys::sigset all_but_calls = ~sys::sig_bit(call_signal);
  (void)sys::sigprocmask(sys::mask_how::set, &all_but_calls, nullptr);
  // seq_cst; pairs with: fault's load(acquire), ring_receiver's
  signal_receiver.store(sys::gettid(), std::memory_order_seq_cst);
  for (;;) {
    if (!sys::take_signal(received(), &in_hand, true).ok()) continue;  // EINTR: call_signal
    if (in_hand.si_signo != doorbell_signal) (void)send_signal(directed_to(in_hand), in_hand);
    signal_in_hand().store(0, std::memory_order_release);  // pairs with: take_from_kernel's load(acquire)
  }
}

}  // namespace

void ensure_receiver() noexcept {
  if (!made.exchange(true, std::memory_order_acq_rel)) {
    sysmon_start();
    newm(reinterpret_cast<void (*)()>(&receive), nullptr, false);
  }
  // A fault's signal that somebody sends is handed on to it (sched/signal.cc), or kills if there is none.
  // pairs with: receive's store
  while (signal_receiver.load(std::memory_order_acquire) == 0) sys::sched_yield();
}

void take_from_kernel(sys::sigset set) noexcept {
  m_locks_inc();
  siginfo_t info;
  while (sys::take_signal(set, &info, false).ok()) (void)send_signal(directed_to(info), info);
  // pairs with: receive's store(release)
  for (int signal = 0; (signal = signal_in_hand().load(std::memory_order_acquire)) != 0;) {
    if ((sys::sig_bit(signal) & set) == 0) break;
    sys::sched_yield();
  }
  m_locks_dec();
}

void forget_receiver() noexcept {
  in_hand = {};
  signal_receiver.store(0, std::memory_order_relaxed);
  made.store(false, std::memory_order_relaxed);
}

void leave_in_kernel(sys::sigset set) noexcept {
  left.fetch_or(set, std::memory_order_seq_cst);
  ring_receiver();
}

void take_back(sys::sigset set) noexcept {
  if ((left.load(std::memory_order_relaxed) & set) == 0) return;
  left.fetch_and(~set, std::memory_order_seq_cst);
  ring_receiver();
}

sys::sigset left_in_kernel() noexcept { return left.load(std::memory_order_relaxed); }

}  // namespace rt0
