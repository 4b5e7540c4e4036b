// Sending: who is told of a signal. As in the kernel, a signal of one goroutine waits in its queue, one of
// the process in the process's, from which any goroutine takes it that does not block it; who sends only
// chooses whom to call:
//
//   a goroutine in sigwait for it;  else goroutine 1, as Linux prefers the main thread;  else the running
//   one; else any that does not block it, those last that have to wait for their turn, or wait where a signal
//   cannot interrupt them
//
// A profiler's timers (SIGPROF, SIGVTALRM) mean who uses the CPU: any goroutine that runs now, by chance, so
// that many samples tell how the time is spent; the handler sees it where SIGURG found it.
//
// Before all that the channels of rt::notify are told, whoever blocks it; then only handlers and sigwait are
// left to it.
//
// If nobody can take it, it waits; so does what the chosen one leaves: who blocks more, or ends, calls
// somebody else for what the process still has (pass_on). A signal that the program ignores, and that its
// taker does not block, is gone at once; one that ends or stops the process does it at once.
#pragma once
#include "runtime/signal/queue.h"

namespace rt0 {

// To the goroutine, or to the process (nullptr), by info.si_signo. 0; ESRCH: the goroutine has ended; EAGAIN:
// no memory for what sigqueue sent. The running goroutine itself is not delivered to: see attend(). On a
// goroutine, or on g0 of an M without a P.
int send_signal(g* to, const siginfo_t& info) noexcept;

// The channels of rt::notify hear of the signal. True: there are some, and it is dealt with unless it has a
// handler.
bool tell_listeners(int signal) noexcept RT0_REQUIRES(signal_lock);

// Signals of the process that the running goroutine can no longer take: somebody else is called.
void pass_on(sys::sigset set) noexcept;

// What waits for the goroutine or the process, anywhere.
sys::sigset waiting_for(const g* gp) noexcept RT0_REQUIRES(signal_lock);
// Takes one of the set: the goroutine's own first. 0: none.
int take_for(g* gp, sys::sigset set, signal_node** node) noexcept RT0_REQUIRES(signal_lock);

// All of the set, of the process and of every goroutine, go. Returns their nodes.
signal_node* take_all_anywhere(sys::sigset set) noexcept RT0_REQUIRES(signal_lock);

// The goroutine's and the process's go. Returns their nodes.
signal_node* forget_waiting(g* gp) noexcept RT0_REQUIRES(signal_lock);

// A siginfo as kill and raise make it.
siginfo_t own_info(int signal, int code) noexcept;

}  // namespace rt0
