// <rt/signal.h>: signals as messages.
//
//   rt::chan<int> stop = rt::notify({SIGINT, SIGTERM});
//   stop.recv();                      parks until one of them comes
//
// Who should use it: programs that react to a signal by ordinary code, as servers end by SIGTERM. Signal
// handlers, sigwait and signalfd work as well.
//
// While a channel is notified, the signal does not take its default action, and is not ignored. A handler
// that the program has installed is called all the same, after the channel was told; who waits in sigwait
// takes the signal as ever. Masks are not asked: a signal that every thread blocks comes to the channel, and
// then waits only if there is a handler for it. Every channel that is notified of a signal gets it. The
// capacity is 16: what finds the channel full is lost, as signals of a kind merge while they wait.
//
// It ends by close(), or with the last handle: from then on the signal does what sigaction says. What a fault
// raises (SIGSEGV, SIGFPE, ...) is the faulting goroutine's own affair and never comes here; what others send
// does. A child of fork keeps the notifications.
#pragma once
#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <new>
#include <stdexcept>

#include "rt/abi/signal.h"
#include "rt/chan.h"

namespace rt {

// Throws std::invalid_argument for no signal at all, for what is none, and for SIGKILL, SIGSTOP and SIGURG,
// which is the runtime's own.
[[nodiscard]] inline chan<int> notify(std::initializer_list<int> signals) {
  while (rt0_chan* ended = rt0_notify_ended()) {
    const auto last = detail::chan_access::handle<int>(ended);
    __atomic_fetch_sub(&ended->refs, 1, __ATOMIC_RELAXED);
  }
  chan<int> c(16);
  const int error = rt0_notify(detail::chan_access::erased(c), signals.begin(), signals.size());
  if (error == EINVAL) throw std::invalid_argument("rt::notify: no such signal");
  if (error != 0) throw std::bad_alloc();
  return c;
}

}  // namespace rt
