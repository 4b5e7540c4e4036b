// g: a goroutine. It begins with its thread control block, so %fs is at once the C library's TLS base and the
// G.
//
// A G lies at the top of its stack's mapping, its TLS block just below it, the stack below that. The mapping
// is never unmapped while the process lives (free lists reuse it), so a stale g* is always readable.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "rt0/arch.h"
#include "rt0/gobuf.h"
#include "rt0/layout.h"
#include "runtime/mem/stack.h"
#include "runtime/sched/status.h"
#include "runtime/sched/wait_reason.h"
#include "runtime/timer/timer.h"
#include "sys/signal.h"
#include "sys/thread.h"

namespace rt0 {

struct m;
struct thread_dtor;
struct key_values;
struct label_set;
struct ancestry;

// What the compiler and musl read through %fs. Names and places are theirs.
struct tcb {
  void* self;
  void* dtv;
  void* musl_list[2];
  std::uint32_t waitsince_s;  // musl's sysinfo on other CPUs. When its last wait began: sched.now_s
  std::uint32_t unused;
  std::uintptr_t canary;  // GCC's stack protector
  std::int32_t tid;       // musl's owner of a FILE: here g.index, which fits its 30 bits
  std::int32_t err;       // errno
  std::byte musl_other[TCB_LOCALE - 0x38];
  void* locale;  // musl's uselocale
  std::byte musl_rest[TCB_SIZE - TCB_LOCALE - 8];
};

// CLOCK_MONOTONIC as waitsince_s has it: whole seconds, never 0.
inline std::uint32_t seconds_of(std::int64_t ns) noexcept {
  return static_cast<std::uint32_t>(ns / 1'000'000'000) + 1;
}

struct stack_bounds {
  std::uintptr_t lo, hi;  // [lo, hi)
};

// A first function with its argument, and the floating-point environment that a new thread inherits.
struct funcval {
  void (*fn)(void*);
  void* arg;
  std::uint32_t mxcsr;
  std::uint32_t x87_control;
};

enum class g_kind : std::uint8_t { thread, go, system };

// One wait of a goroutine: see park.h.
struct wait_claim {
  std::atomic<std::uint64_t> word{0};
};

// Bits of g::attention: what a goroutine shall look at as soon as it may (interrupt.h).
inline constexpr std::uint8_t attend_signal = 1;  // a signal that it does not block is pending
inline constexpr std::uint8_t attend_cancel = 2;  // somebody asks it to end

struct signal_node;
// Signals that wait, of a goroutine or of the process (runtime/signal).
struct signal_queue {
  sys::sigset pending;  // bits of those in the list, and of some that found no memory for a node
  signal_node *first, *last;
};

// The signals' view of a goroutine. What the signal lock guards says so; the rest is its own.
struct signal_state {
  std::atomic<sys::sigset> mask;     // its own writes, under the lock; others choose a receiver by it
  std::atomic<sys::sigset> awaited;  // likewise: sigwait's set while it waits
  signal_queue queue;                // under the lock
  sys::sigset mask_after;            // sigsuspend's, ppoll's: what the first handler's return restores,
  bool has_mask_after;               // if it has one
  bool waits;                        // counted in sched.signal_waits
  std::uint32_t handlers_run;        // counts, so that a call can tell what happened since it began:
  std::uint32_t ending_handlers;     // those without SA_RESTART
};

// The C library's view of a thread (runtime/libc/pthread). The first line is what every goroutine's end looks
// at.
struct thread_state {
  std::atomic<std::uint32_t> join;    // libc::join_state
  std::atomic<std::uint32_t> cancel;  // libc::cancel_bits
  thread_dtor* dtors;                 // thread_local destructors, last registered first
  key_values* keys;                   // pthread_setspecific

  void* (*fn)(void*);
  void* arg;
  void* result;
  std::uintptr_t altstack_lo;  // sigaltstack's: never the kernel's
  std::size_t altstack_bytes;  // 0: none
  int altstack_flags;
  std::uint8_t open_to;  // bits of attention that end its waits and calls now, besides signals
  bool defers_handlers;  // handlers_deferred
  char name[16];
  void* cleanups;                    // pthread_cleanup_push's, innermost first
  alignas(16) std::byte unwind[32];  // pthread_exit's _Unwind_Exception

  // As a new thread's.
  void reset() noexcept {
    join.store(0, std::memory_order_relaxed);
    cancel.store(0, std::memory_order_relaxed);
    open_to = 0;
    defers_handlers = false;
    dtors = nullptr;
    keys = nullptr;
    altstack_bytes = 0;
    altstack_flags = 0;
    cleanups = nullptr;
    name[0] = 0;
  }
};

// What a goroutine's start, switches and end touch lies in the first line of the TCB and the three lines from
// 0x100 on, the rest behind: 10,000 goroutines are more than a cache holds, and each line that one of them
// touches costs some 50 ns.
struct g {
  rt0::tcb tcb;
  // --- offsets in rt0/layout.h
  stack_bounds stack;
  std::uintptr_t stackguard0, stackguard1;
  rt0::m* m;  // who runs it; nullptr while nobody does
  gobuf sched;
  // --- ours alone
  wait_claim claim;
  std::atomic<gstatus> status;
  wait_reason why;  // valid while waiting
  g_kind kind;
  std::uint8_t size_class;  // slot's
  std::atomic<std::uint8_t> attention;
  g* schedlink;                  // run queues, free lists
  g* ahead;                      // some places further in that list, or stale: only to be prefetched
  std::atomic<rt0::m*> lockedm;  // the only M that may run it: locked_m.h
  funcval start;
  void (*exited)(g*);  // called when it is dead and off its stack; nullptr: to the free list
  thread_state thread;
  // --- seldom touched
  std::uint64_t goid, parent_goid;
  ancestry* ancestors;  // unwind/ancestors.h; nullptr, unless RT0_DEBUG asks for them
  label_set* labels;    // labels.h; a dead goroutine has none
  signal_state signals;
  std::uint32_t index;      // place in allgs + 1: below 2^30, kept when the G is reused
  std::uintptr_t gopc;      // who created it
  std::uintptr_t stktopsp;  // sched.sp of a fresh goroutine: the end of every walk
  timer wait_timer;
  stack_slot slot;
  sys::thread_placement* place;  // placement.h: it has an M of its own, which the kernel runs there; nullptr
  stack_bounds slot_stack;       // what `stack` is unless the program gave one (pthread_attr_setstack)
  g* batchlink;                  // gfree's lists of batches
  std::uint64_t end_mark;        // watch.h. The last word
};
static_assert(offsetof(g, status) < G_STACK_LO + 128 && offsetof(g, thread.keys) < G_STACK_LO + 192,
              "three lines");

static_assert(offsetof(tcb, self) == TCB_SELF && offsetof(tcb, dtv) == TCB_DTV &&
              offsetof(tcb, canary) == TCB_CANARY);
static_assert(offsetof(tcb, tid) == TCB_TID && offsetof(tcb, err) == TCB_ERRNO &&
              offsetof(tcb, locale) == TCB_LOCALE);
static_assert(sizeof(tcb) == TCB_SIZE);
static_assert(offsetof(g, stack.lo) == G_STACK_LO && offsetof(g, stack.hi) == G_STACK_HI &&
              offsetof(g, m) == G_M);
static_assert(offsetof(g, stackguard0) == G_STACKGUARD0 && offsetof(g, stackguard1) == G_STACKGUARD1);
static_assert(offsetof(g, sched) == G_SCHED && offsetof(g, sched.sp) == G_SCHED_SP);
static_assert(offsetof(g, sched.pc) == G_SCHED_PC && offsetof(g, sched.bp) == G_SCHED_BP);
static_assert(offsetof(g, attention) == G_ATTENTION);
static_assert(offsetof(funcval, fn) == FUNCVAL_FN && offsetof(funcval, arg) == FUNCVAL_ARG);
static_assert(offsetof(funcval, mxcsr) == FUNCVAL_MXCSR && offsetof(funcval, x87_control) == FUNCVAL_X87CW);
static_assert(sizeof(g) <= G_SIZE);

// A goroutine that will be touched soon, and was not for a while: what a switch to it, or its making anew,
// reads first. Lists of goroutines are walked from memory to memory; with 10,000 of them each step was a
// cache miss of 50 ns.
inline void prefetch(const g* gp) noexcept {
  const auto* at = reinterpret_cast<const char*>(gp);
  __builtin_prefetch(at);
  for (int line = 0; line < 3; line++) __builtin_prefetch(at + G_STACK_LO + 64 * line);
}

inline gstatus readgstatus(const g* gp) noexcept {
  return state_in(gp->status.load(std::memory_order_acquire));  // pairs with: casgstatus
}

[[noreturn]] void bad_gstatus(const g* gp, gstatus from, gstatus to) noexcept;
// A goroutine that is watched; any other is not in `from`, and throws.
void move_with_care(g* gp, gstatus from, gstatus to) noexcept;

// Moves gp from one state to the next. Anything else found there is a corrupt runtime: throws.
//
// A state has one owner at a time, who alone moves the goroutine on: a look and a store, no atomic step,
// though the name is Go's, whose collector may hold a goroutine where it is. 9 of a switch's 43 ns went with
// the two atomic steps and calls. RT0_DEBUG=check=1 has them, and more (watch.h).
inline void casgstatus(g* gp, gstatus from, gstatus to) noexcept {
  if (gp->status.load(std::memory_order_relaxed) != from || !gstatus_edge(from, to)) [[unlikely]]
    return move_with_care(gp, from, to);
  gp->status.store(to, std::memory_order_release);  // pairs with: readgstatus load(acquire)
}

}  // namespace rt0
