// Cancellation: a request is a bit of its thread; the thread acts on it by itself, where it may.
//
//   requested                         pthread_cancel
//   disabled                          pthread_setcancelstate: the request waits
//   asynchronous                      pthread_setcanceltype: remembered; a request is acted on at
//   cancellation points all the
//                                     same, and when the type is set
//   ending                            the thread unwinds: nothing more is acted on
//   goexit                            and does so by rt::goexit
//
// At a cancellation point the thread looks, waits or calls open to attend_cancel, and looks again: the
// request ends what it waits for (runtime/sched/interrupt.h). It acts when nothing of the runtime's is held,
// by an unwinding that starts in the C library's function (members/pthread_cancel.cc), which only a program
// that cancels has linked.
#pragma once
#include <cstdint>

#include "rt0/arch.h"
#include "runtime/sched/g.h"

// The running thread ends with PTHREAD_CANCELED. Linked with pthread_cancel.
extern "C" [[gnu::weak]] void rt0_cancel_self();

namespace rt0::libc {

enum cancel_bits : std::uint32_t {
  cancel_requested = 1,
  cancel_disabled = 2,
  cancel_asynchronous = 4,
  cancel_ending = 8,
  cancel_goexit = 16
};

inline bool cancel_is_due() noexcept {
  const std::uint32_t bits = getg()->thread.cancel.load(std::memory_order_relaxed);
  return (bits & (cancel_requested | cancel_disabled | cancel_ending)) == cancel_requested;
}

inline void act_on_cancel() {
  if (cancel_is_due()) [[unlikely]]
    rt0_cancel_self();
}

// While it lives, what the running thread waits for or calls may be ended by a request. Who lets it end
// looks, and acts, afterwards: nothing is unwound that holds one.
class open_to_cancel {
 public:
  open_to_cancel() noexcept : before_(getg()->thread.open_to) {
    constexpr std::uint32_t closed = cancel_disabled | cancel_ending;
    thread_state& self = getg()->thread;
    if ((self.cancel.load(std::memory_order_relaxed) & closed) == 0) self.open_to = attend_cancel;
  }
  ~open_to_cancel() { getg()->thread.open_to = before_; }
  open_to_cancel(const open_to_cancel&) = delete;

 private:
  std::uint8_t before_;  // a signal's handler may come here in the middle of another one
};

// The outcome of a cancellation point that waits: wait() is false where it was interrupted and goes on
// otherwise.
template <class Wait>
inline auto cancellable(Wait wait, bool (*interrupted)(decltype(wait()))) {
  act_on_cancel();
  const auto outcome = [&] {
    const open_to_cancel open;
    return wait();
  }();
  if (interrupted(outcome)) act_on_cancel();
  return outcome;
}

}  // namespace rt0::libc
