// Delivery: the program's handlers run as calls of the goroutine that the signal is for, on its stack (or on
// its sigaltstack), with the registers of what they interrupt in a ucontext. Whatever that was, the call is
// made by rt0_asyncpreempt, which has saved all of it: injected by SIGURG's handler into the program's own
// code; injected by a fault's handler; or asked for at the end of a C library function that waited, by
// attend().
//
// So a handler is ordinary code: it may park, be made to give way, be interrupted by other signals, and leave
// by siglongjmp. What it interrupts holds no lock of the runtime and stands in no list.
#pragma once
#include "rt0/arch.h"
#include "runtime/sched/g.h"

namespace rt0 {

void attend_slow() noexcept;

// The running goroutine's signals are delivered, if there are any. No lock is held; handlers may leave by
// siglongjmp. In a kernel's handler, on g0, or with m->locks: nothing.
inline void attend() noexcept {
  if ((getg()->attention.load(std::memory_order_relaxed) & attend_signal) != 0) [[unlikely]]
    attend_slow();
}

// What handlers did to a call of the C library between this object's making and the question.
class interruption {
 public:
  interruption() noexcept
      : handlers_(getg()->signals.handlers_run), ending_(getg()->signals.ending_handlers) {}

  bool handler_ran() const noexcept { return getg()->signals.handlers_run != handlers_; }
  // The call fails with EINTR. restarts: it is of those that SA_RESTART speaks of.
  bool ends_call(bool restarts) const noexcept {
    return handler_ran() && (!restarts || getg()->signals.ending_handlers != ending_);
  }

 private:
  std::uint32_t handlers_, ending_;
};

}  // namespace rt0
