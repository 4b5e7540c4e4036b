// What the kernel's handlers do, of which all are the runtime's: SIGURG asks a goroutine to look at its
// attention and to give way, call_signal asks an M for something, and a fault is a stack overflow, or the
// program's to handle, or the process's end. All other signals that a program has handlers for are blocked on
// every M, and come by the receiver (runtime/signal).
//
// They run on the M's signal stack (gsignal's), all signals blocked but faults: one there is the runtime's
// own, and is reported. %fs stays the interrupted G's, so what
// says "in a handler" is m->insig, raised by rt0_sigtramp. They take no lock and touch only what is marked
// signal-safe. No handler of the program runs there: it is called on the goroutine's stack, by
// rt0_asyncpreempt, to which the interrupted code is sent. A fault's handler too: so it may park, and leave
// by siglongjmp, as any code of the goroutine. Only the handler of a stack overflow is called here, where
// there is room: what waits in it blocks the M, and it, too, may leave by siglongjmp (leave_signal_stack).
#pragma once
#include <signal.h>

#include <atomic>
#include <cstdint>

#include "runtime/sched/sched.h"

namespace rt0 {

// In the core's own text: rt0_text.
bool in_core(std::uintptr_t pc) noexcept;

// Whether a call may be injected into the code at pc and sp, of the running M: it is a goroutine's own code,
// and holds nothing of the runtime's.
enum class injection : std::uint8_t {
  fits,
  in_core,
  locked,
  nested,        // inside a handler: not as many of them run as the caller says
  not_running,   // on g0, on the way to or from a goroutine, in rt::blocking
  off_the_stack  // too little stack left, or a stack of the program's own
};
injection may_inject(const m* mp, std::uintptr_t pc, std::uintptr_t sp, std::size_t need_bytes,
                     std::uint32_t handlers) noexcept;

// Gives m0 its signal stack and installs the handlers of faults. From schedinit, on m0's g0: a system call
// each.
void signal_init() noexcept;

// Go's minit: a new M's signal stack, which is mp->gsignal's, and then its kernel mask, which is
// that of the others (signal_mask.h). On the new M's g0, whose signals are all blocked until now.
void minit_signals(m* mp) noexcept;

// The program has a handler for a fault: the kernel shall enter ours.
void install_fault_handler(int signal) noexcept;
// SIGSEGV and the like, which the CPU raises: never blocked in the kernel.
using sys::fault_signals;
// Of these the runtime has handlers from the start: it reports them when they kill.
inline constexpr sys::sigset reported_faults = sys::sig_bit(SIGSEGV) | sys::sig_bit(SIGBUS) |
                                               sys::sig_bit(SIGFPE) | sys::sig_bit(SIGILL) |
                                               sys::sig_bit(SIGTRAP);
// The program has said nothing about SIGQUIT, so it is the runtime's: all goroutines are shown.   signal-safe
extern constinit std::atomic<bool> quit_reports;

// The kernel thread of the receiver of signals (runtime/signal/receiver.h); 0: there is none.   signal-safe
extern constinit std::atomic<std::int32_t> signal_receiver;
// The running M's, which its gsignal knows from now on. signal-safe
stack_bounds own_signal_stack() noexcept;
// The goroutine has left a handler on the signal stack by a jump: the M is in none any more, and its kernel
// mask is the others' again.
void leave_signal_stack() noexcept;

// What the receiver waits for has changed: it shall look again.
void ring_receiver() noexcept;
inline constexpr int doorbell_signal = 33;  // between the kernel's real-time signals and the C library's

// Finds out what a preemption must save and installs SIGURG's handler. Before the second M starts, on any M;
// later calls do nothing. Not at the start of a process: its CPUIDs cost 4-5 us each in a virtual machine.
void preempt_init() noexcept;

// What became of the SIGURGs, for tests. signal-safe
struct preempt_counts {
  std::atomic<std::uint64_t> injected;
  std::atomic<std::uint64_t> unwanted;       // no P, or nobody asked (any more)
  std::atomic<std::uint64_t> in_core;        // pc in rt0_text
  std::atomic<std::uint64_t> locked;         // m->locks
  std::atomic<std::uint64_t> nested;         // inside another handler
  std::atomic<std::uint64_t> not_running;    // on g0, or on the way to or from a goroutine
  std::atomic<std::uint64_t> off_the_stack;  // too little stack left, or a stack of the program's own
};
extern constinit preempt_counts preempted;

}  // namespace rt0
