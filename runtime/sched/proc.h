// The scheduler's main loop and the making of goroutines.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// Every 61st switch of a P looks beyond its own queue: Go's number, a prime, so that it beats with no
// program's rhythm.
inline constexpr std::uint32_t sched_tick_period = 61;

// One round: finds a runnable goroutine and executes it. On g0, never returns.
[[noreturn]] void schedule() noexcept;
// Runs a runnable gp on this M and its P; inherits: in the time slice that is under way. On g0, never
// returns.
[[noreturn]] void execute(g* gp, bool inherits) noexcept;
// What sysmon measures begins anew. Owner of pp only.
inline void begin_slice(p* pp) noexcept {
  pp->slicetick.store(pp->slicetick.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

struct go_request {
  void (*fn)(void*);
  void* arg;
  g_kind kind;
  int size_class;  // of the stack
  std::uintptr_t callerpc;
};
struct go_result {
  g* gp;  // nullptr: error says why
  int error;
};
// Makes a goroutine in state runnable; the caller puts it on a queue. May run on any stack of an M with a P.
go_result newproc1(const go_request& request) noexcept;

// Puts it on the running P's queue, `next` or last, and wakes an M for it if a P is idle.
void newproc_ready(g* gp, bool next) noexcept;

// The seed's `go fn(arg)`: both.
go_result newproc(const go_request& request) noexcept;

// A fresh thread control block and TLS block, as a new thread finds them.
void init_tcb(g* gp) noexcept;

// The locale word of a fresh TCB: set by the C library seam before goroutine 2.
extern constinit void* initial_locale;

// Stack sizes: RLIMIT_STACK's rule for threads.
int thread_stack_class() noexcept;
void set_stack_classes(int of_threads, int of_main) noexcept;

// n Ps from now on; what the others hold goes to the global lists and to P 0. The world is stopped.
void procresize(int n) noexcept;
// Every P but the running M's becomes idle; those with goroutines are returned, linked, to get an M each.
p* procs_to_idle() noexcept RT0_REQUIRES(sched.lock);
// If no M runs and none will: reports the deadlock and exits, unless a signal handler may still wake
// somebody.
void checkdead() noexcept RT0_REQUIRES(sched.lock);

// 64 random bits, not for secrets: the M's own generator.
std::uint64_t fastrand() noexcept;

}  // namespace rt0
