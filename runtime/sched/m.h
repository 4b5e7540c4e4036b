// m: a machine, a kernel thread that runs goroutines. %gs points at it.
//
// An M is never freed and its thread never ends, so a stale m* is always readable. It lies at the top of its
// g0's stack; m0 is static.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "rt0/layout.h"
#include "runtime/lock/held.h"
#include "runtime/lock/note.h"
#include "runtime/sched/status.h"
#include "sys/signal.h"

namespace rt0 {

struct g;
struct heap_cache;
struct p;
struct registers;

// A fault for which the program has a handler: from the signal handler that the kernel entered to the call
// that it injects, with nothing in between.
struct fault_record {
  alignas(8) std::byte info[sys::siginfo_bytes];
  std::uintptr_t error, trap, address;  // err, trapno and cr2 of the kernel's ucontext
  int signal;                           // 0: none
};

// What sysmon saw when it last looked: an M whose tick stands still is in one long system call.
struct sysmon_call {
  std::uint32_t tick;
  bool reported;
  std::int64_t since_ns;  // 0: it was in none
};

struct m {
  m* self;              // %gs:0
  g* g0;                // its scheduling stack
  g* gsignal;           // its signal stack
  g* curg;              // the goroutine it runs, nullptr while in the scheduler
  std::uint32_t insig;  // depth of signal handlers on it
  std::uint32_t locks;  // > 0: neither preempt nor park
  heap_cache* mcache;   // p's; nullptr without a P
  // --- above: offsets in rt0/layout.h
  rt0::p* p;                               // nullptr: may not run goroutines. Set with mcache, by set_p
  rt0::p* nextp;                           // handed over with the wake-up of `park`
  rt0::p* oldp;                            // the P it had when it entered a system call
  std::atomic<std::uint32_t> syscalltick;  // calls begun, so that sysmon tells one long one from many
  std::int64_t id;
  std::int32_t procid;  // kernel thread id; 0 until the thread exists
  bool spinning;        // out of work and looking for some: counted in sched.nmspinning
  bool polled;          // it spins since its sleep as the poller
  bool in_netpoller;    // it sleeps there, or is about to, and holds no lock but the netpoller's
  sys::sigset sigmask;  // m0's: the mask that the process began with
  std::uint64_t fastrand;
  // A switch away from a goroutine is completed by whoever runs next on this M: after(prev).
  void (*after)(g* prev);
  g* after_g;
  gstatus leaving_to;  // leave()'s way through g0
  note park;           // what an idle M sleeps on
  m* schedlink;        // sched.midle
  m* alllink;          // sched.allm
  void (*start)();     // runs before the scheduler does; sysmon's never returns
  g* lockedg;          // the goroutine that alone may run here (lock_os_thread)
  std::uint32_t lockedg_depth;
  bool placed;  // its thread runs where lockedg wants it, not where the process does
  std::atomic<std::uint32_t> signal_pending;  // signal-safe. A SIGURG is under way to it
  std::atomic<std::uint32_t> call;            // signal-safe. on_every_m's: asked and not answered yet
  std::atomic<std::uint32_t> frozen;          // signal-safe. freeze.h's
  const registers* frozen_at;                 // signal-safe. Where it was, while it stays frozen
  fault_record fault;                         // signal-safe. Of the handler to the call that it injects
  held_locks held;                            // empty unless RT0_DEBUG=check=1
  sysmon_call seen;                           // sysmon's alone
};

static_assert(offsetof(m, self) == M_SELF && offsetof(m, g0) == M_G0 && offsetof(m, gsignal) == M_GSIGNAL);
static_assert(offsetof(m, curg) == M_CURG && offsetof(m, insig) == M_INSIG && offsetof(m, locks) == M_LOCKS);
static_assert(offsetof(m, mcache) == M_MCACHE);

}  // namespace rt0
