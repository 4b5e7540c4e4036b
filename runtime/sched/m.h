// m: a machine, a kernel thread that runs goroutines. %gs points at it.
//
// This floor of the runtime has one, m0; everything that a second one needs has its field and its place.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "rt0/layout.h"
#include "runtime/sched/status.h"
#include "sys/signal.h"

namespace rt0 {

struct g;
struct p;

struct m {
  m* self;              // %gs:0
  g* g0;                // its scheduling stack
  g* gsignal;           // its signal stack: nullptr until handlers are installed
  g* curg;              // the goroutine it runs, nullptr while in the scheduler
  std::uint32_t insig;  // depth of signal handlers on it
  std::uint32_t locks;  // > 0: neither preempt nor park
  // --- above: offsets in rt0/layout.h
  rt0::p* p;  // nullptr: may not run goroutines
  std::int64_t id;
  std::int32_t procid;  // kernel thread id; 0 until asked for
  sys::sigset sigmask;  // the process's mask at start: children and new Ms get it back
  std::uint64_t fastrand;
  // A switch away from a goroutine is completed by whoever runs next on this M: after(prev).
  void (*after)(g* prev);
  g* after_g;
  gstatus leaving_to;               // leave()'s way through g0
  std::atomic<std::uint32_t> park;  // what an idle M sleeps on
  std::atomic<std::uint32_t> signal_pending;  // signal-safe. A SIGURG is under way to it
};

static_assert(offsetof(m, self) == M_SELF && offsetof(m, g0) == M_G0 && offsetof(m, gsignal) == M_GSIGNAL);
static_assert(offsetof(m, curg) == M_CURG && offsetof(m, insig) == M_INSIG && offsetof(m, locks) == M_LOCKS);

}  // namespace rt0
