#include "runtime/sched/signal_mask.h"

#include <errno.h>
#include <signal.h>

#include <initializer_list>

#include "rt0/arch.h"
#include "runtime/sched/every_m.h"
#include "runtime/sched/signal.h"

namespace rt0 {
namespace {

constexpr sys::sigset bits(std::initializer_list<int> signals) {
  sys::sigset all = 0;
  for (int signal : signals) all |= sys::sig_bit(signal);
  return all;
}

// SIGURG asks a goroutine to give way: a thread that could block it could keep everybody else from running.
// (glibc keeps its own two signals out of masks in the same way.) The last two the kernel does not block.
constexpr sys::sigset never_blocked = bits({SIGURG, call_signal, SIGKILL, SIGSTOP});
constexpr sys::sigset everything = ~sys::sigset{0};
// Blocked, these kill at once where they could be reported.
constexpr sys::sigset faults = bits({SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP});
constexpr sys::sigset almost_everything = everything & ~faults & ~sys::sig_bit(call_signal);

void set(sys::sigset mask) noexcept { (void)sys::sigprocmask(sys::mask_how::set, &mask, nullptr); }

// Of an M that runs goroutines, the process's; sysmon's takes no signal of the program's.
sys::sigset kernel_mask(const m* mp, sys::sigset process) noexcept {
  return mp->start != nullptr ? almost_everything : process & ~never_blocked;
}

// On every M but the caller's, from the handler: what is newly blocked, from the handler's return on. Only
// more, since it may have interrupted a handler of the program's, whose mask is larger.
void block_more(void* arg, void* ucontext) {
  m* mp = getm();
  if (ucontext == nullptr || mp->start != nullptr) return;
  const sys::sigset more = *static_cast<const sys::sigset*>(arg);
  interrupted_mask(ucontext) |= more;
  mp->sigmask |= more;
}

sys::sigset changed(sys::mask_how how, sys::sigset before, sys::sigset by) noexcept {
  switch (how) {
    case sys::mask_how::block: return before | by;
    case sys::mask_how::unblock: return before & ~by;
    case sys::mask_how::set: return by;
  }
  return before;
}

// What waits for its block to end is delivered here, before the call returns: an M that took the new mask
// sooner than we would have it, and its handler might run later. With sched.births, which is let go
// meanwhile.
void take_pending(sys::sigset process) noexcept RT0_REQUIRES(sched.births) {
  set(everything);  // who blocks more after the unlock waits until we can answer
  sched.births.unlock();
  set(kernel_mask(getm(), process));
  (void)hold_signals();
  sched.births.lock();
}

// Returns the mask before.
sys::sigset change_on_all(sys::mask_how how, sys::sigset by) noexcept {
  sys::sigset before = 0;
  (void)hold_signals();
  {
    lock_guard hold(sched.births);
    before = sched.sigmask.load(std::memory_order_relaxed);
    const sys::sigset less = before & ~changed(how, before, by);
    if (less != 0 && (less & sys::pending_signals()) != 0) take_pending(changed(how, before, by));
    const sys::sigset now = sched.sigmask.load(std::memory_order_relaxed);
    const sys::sigset after = changed(how, now, by);
    sys::sigset more = after & ~now;
    sched.sigmask.store(after, std::memory_order_release);  // pairs with: follow_mask's and adopt_mask's load
    if (more != 0) on_every_m(block_more, &more, turns::all_at_once);
  }
  adopt_mask();
  return before;
}

}  // namespace

sys::ret<int> change_mask(sys::mask_how how, const sys::sigset* wanted, sys::sigset* old) noexcept {
  if (wanted != nullptr && (static_cast<int>(how) < 0 || how > sys::mask_how::set)) {
    return sys::ret<int>::from_raw(-EINVAL);
  }
  sys::sigset by = wanted != nullptr ? *wanted : 0;
  if (how != sys::mask_how::unblock) by &= ~never_blocked;
  if (on_signal_stack()) return sys::sigprocmask(how, wanted != nullptr ? &by : nullptr, old);
  const sys::sigset before =
      wanted != nullptr ? change_on_all(how, by) : sched.sigmask.load(std::memory_order_relaxed);
  if (old != nullptr) *old = before;
  return sys::ret<int>::from_raw(0);
}

sys::sigset hold_signals() noexcept {
  sys::sigset old = 0;
  (void)sys::sigprocmask(sys::mask_how::block, &almost_everything, &old);
  return old;
}

// The call signal is blocked from before the look at the process's mask until it is this M's: somebody who
// blocks more meanwhile waits for us.
void release_signals(sys::sigset held) noexcept {
  set(everything);
  const m* mp = getm();
  const sys::sigset process = sched.sigmask.load(std::memory_order_acquire);  // pairs with: change_mask
  set(held | kernel_mask(mp, process));
}

void adopt_mask() noexcept {
  if (on_signal_stack()) return;  // a handler's mask lasts until it returns
  set(everything);
  m* mp = getm();
  mp->sigmask = sched.sigmask.load(std::memory_order_acquire);  // pairs with: change_mask
  set(kernel_mask(mp, mp->sigmask));
}

}  // namespace rt0
