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
  std::size_t room_bytes = 0;  // kept free at the top of the stack; the place is gp->stktopsp
  std::size_t room_align = 1;
  stack_bounds stack{};  // the program's own, instead of the slot's; the slot holds the G alone
};
struct go_result {
  g* gp;  // nullptr: error says why
  int error;
};
// Makes a goroutine. It stays dead, its maker's, who may fill the room, until start_goroutine; instead of
// that: gfput. May run on any stack of an M with a P.
go_result newproc1(const go_request& request) noexcept;
// It becomes runnable, `next` or last on this P's queue; an M is woken for it if a P is idle.
void start_goroutine(g* gp, bool next) noexcept;

// Goroutines of kind go that have started and not ended. Counted on the running P, so only the sum says
// something.
void count_goroutine(std::int64_t change) noexcept;
std::int64_t goroutine_count() noexcept;

// The seed's `go fn(arg)`: both.
go_result newproc(const go_request& request) noexcept;

// The dead gp runs, or ran, on this stack.
void use_stack(g* gp, stack_bounds stack) noexcept;

// A fresh thread control block and TLS block, as a new thread finds them.
void init_tcb(g* gp) noexcept;

// The locale word of a fresh TCB: set by the C library seam before goroutine 2.
extern constinit void* initial_locale;

// Stack sizes: RLIMIT_STACK's rule for threads, 64 KiB for rt::go.
int thread_stack_class() noexcept;
int go_stack_class() noexcept;
void set_stack_classes(int of_threads, int of_main, int of_go) noexcept;
void set_thread_stack_class(int size_class) noexcept;

// CPUs that the process could use at its start.
extern constinit int ncpu;

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
