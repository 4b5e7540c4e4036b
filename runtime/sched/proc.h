// The scheduler's main loop and the making of goroutines.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// Every 61st switch of a P looks beyond its own queue: Go's number, a prime, so that it beats with no
// program's rhythm.
inline constexpr std::uint32_t sched_tick_period = 61;

// One round: finds a runnable goroutine and executes it. On g0, never returns.
[[noreturn]] void schedule() noexcept;

struct go_request {
  void (*fn)(void*);
  void* arg;
  g_kind kind;
  int size_class;  // of the stack
  std::uintptr_t callerpc;
  std::size_t room_bytes = 0;  // kept free at the top of the stack; the place is gp->stktopsp
  std::size_t room_align = 1;
};
struct go_result {
  g* gp;  // nullptr: error says why
  int error;
};
// Makes a goroutine in state runnable; the caller puts it on a queue. May run on any stack of an M with a P.
go_result newproc1(const go_request& request) noexcept;

// newproc1 in two steps, for who has to fill the room in between: the goroutine stays dead, the maker's,
// until start_goroutine makes it runnable and puts it next on this P. Instead of the second step: gfput.
go_result prepare_goroutine(const go_request& request) noexcept;
void start_goroutine(g* gp) noexcept;

// Goroutines of kind go that have started and not ended. Counted on the running P, so only the sum says
// something.
void count_goroutine(std::int64_t change) noexcept;
std::int64_t goroutine_count() noexcept;

// The seed's `go fn(arg)`: newproc1 and the run queue.
go_result newproc(const go_request& request) noexcept;

// The locale word of a fresh TCB: set by the C library seam before goroutine 2.
extern constinit void* initial_locale;

// Stack sizes: RLIMIT_STACK's rule for threads, 64 KiB for rt::go.
int thread_stack_class() noexcept;
int go_stack_class() noexcept;
void set_stack_classes(int of_threads, int of_main, int of_go) noexcept;

// CPUs that the process could use at its start.
extern constinit int ncpu;

// Makes the first n Ps and idles all but the first. The world is stopped. Returns goroutines that lost their
// P.
g* procresize(int n) noexcept;

// Nothing runs, nothing will: reports the deadlock and exits, unless a signal handler may still wake
// somebody.
void checkdead() noexcept;

// 64 random bits, not for secrets: the M's own generator.
std::uint64_t fastrand() noexcept;

}  // namespace rt0
