// Attention: how somebody makes a goroutine look at something soon, wherever it is. A signal is pending for
// it (runtime/signal), or it shall end (pthread_cancel).
//
// Each matter is a bit of g::attention. It is raised by interrupt(), after the matter itself is in its place;
// it is taken down by the goroutine, attended(), when it has looked and nothing is left. A goroutine looks at
// the bits where the C library's functions end or wait. What makes it come there:
//
//   parked, open to the bit      the wait is claimed as interrupted, and the goroutine runs (park.h)
//   parked, not open             it looks when somebody else wakes it
//   in a system call             its M gets SIGURG: the call returns EINTR, or not begun (rt0_open_syscall)
//   running its own code         its M gets SIGURG, whose handler injects a call (signal.cc)
//   the runtime's, in a queue    SIGURG finds nothing to do. It looks when that code ends, or sysmon sends
//                                SIGURG again, while sched.attentive says that a signal waits for somebody
//
// The last row also covers whatever M the goroutine moves to while we look: gp->m is read without a lock, a
// signal to the wrong M is harmless, and sysmon repeats what did not arrive.
//
// A request to end needs no repetition: it matters to open waits and calls only, which look by themselves
// when they begin. So its bit may stay up in a thread that does not come to one, and costs nothing.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// Raises the bit and sees to it that gp comes to look. Any stack; no lock that goready may take is held.
void interrupt(g* gp, std::uint8_t bit) noexcept;

// To what the running goroutine's waits and calls are open now: signals, and a request to end at a
// cancellation point.
inline std::uint8_t open_bits() noexcept { return attend_signal | getg()->thread.open_to; }

// The request to end is there, and the running goroutine open to it: what it does shall end as if
// interrupted.
inline bool asked_to_end() noexcept {
  return (getg()->attention.load(std::memory_order_relaxed) & getg()->thread.open_to) != 0;
}

// While one lives, signals find no handler on the running goroutine, though it is in the program's code: its
// wait has begun, and a handler that waits would begin another in its place. They stay pending.
class handlers_deferred {
 public:
  handlers_deferred() noexcept : t_(getg()->thread) { t_.defers_handlers = true; }
  ~handlers_deferred() { t_.defers_handlers = false; }
  handlers_deferred(const handlers_deferred&) = delete;

 private:
  thread_state& t_;
};

// gp has looked. The running goroutine itself, or nobody's.
void attended(g* gp, std::uint8_t bit) noexcept;

// sysmon's: every M whose goroutine is attentive gets a SIGURG.
void urge_attentive() noexcept;

// Sends mp a SIGURG, if none is under way.
void urge(m* mp) noexcept;

}  // namespace rt0
