// Signals that are the runtime's own business: SIGURG, which asks a goroutine to give way, and SIGSEGV and
// SIGBUS, of which a goroutine's guard pages make "stack overflow".
//
// Handlers run on the M's signal stack (gsignal's), all signals blocked. %fs stays the interrupted G's, so
// what says "in a handler" is m->insig, raised by rt0_sigtramp. They take no lock and touch only what is
// marked signal-safe.
#pragma once
#include <atomic>
#include <cstdint>

#include "runtime/sched/sched.h"

namespace rt0 {

// Gives m0 its signal stack and installs the handlers of SIGSEGV and SIGBUS. From schedinit, on m0's g0:
// three system calls.
void signal_init() noexcept;

// Go's minit: a new M's signal stack, which is mp->gsignal's, and then its kernel mask, which is
// the process's (signal_mask.h). On the new M's g0, whose signals are all blocked until now.
void minit_signals(m* mp) noexcept;

// This code runs on the M's signal stack: in a handler, the runtime's or the program's.
bool on_signal_stack() noexcept;

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
