// p: a processor, the right to run goroutines and what that needs without locks: a run queue, free Gs,
// timers.
//
//   idle     on sched.pidle, or never used      sched.lock's
//   running  an M has it                        that M's
//   syscall  its M is in a system call          whoever wins the CAS: the M on return, sysmon, a stop of the
//            world
//   gcstop   the world is stopped               who stopped the world
//   dead     beyond gomaxprocs                  nobody's
//
//   idle <--> running <--> syscall -> idle (sysmon retakes)
//   running, syscall, idle -> gcstop -> idle, running, dead
#pragma once
#include <atomic>
#include <cstdint>

#include "runtime/timer/timer.h"

namespace rt0 {

struct g;
struct m;

inline constexpr std::uint32_t runq_capacity = 256;
inline constexpr int stack_classes = 32;  // log2 of the stack's bytes

enum class pstatus : std::uint32_t { idle, running, syscall, gcstop, dead };

// Dead goroutines with their stacks, of one size class. Two magazines of at most a batch each (Bonwick and
// Adams 2001): goroutines come and go by `loaded`; full, it becomes `previous`, whose batch goes to the
// global list as one; empty, it takes that back. So no list is walked.
struct gfree_list {
  g* loaded;
  g* previous;     // empty, or a full batch
  std::int32_t n;  // loaded's
};

// What sysmon saw when it last looked: a P whose ticks stand still is in one long slice, or system call.
struct sysmon_tick {
  std::uint32_t slice, syscall;
  std::int64_t slice_since_ns, syscall_since_ns;
  std::uint32_t stalled_slice;  // reported already
  std::uint32_t resting_slice;  // at the end of the heap's last period
};

struct p {
  std::atomic<pstatus> status;
  std::atomic<bool> preempt;  // signal-safe. Its goroutine shall give way: slice over, or the world stops
  std::atomic<std::uint32_t> slicetick;    // time slices begun; a goroutine from runnext inherits its waker's
  std::atomic<std::uint32_t> syscalltick;  // system calls ended
  std::uint32_t schedtick;  // switches made; every 61st looks at the global queue and the timers
  std::int32_t id;          // place in p_at
  p* link;                  // sched.pidle
  std::atomic<rt0::m*> m;   // nullptr unless running
  // A ring: the owner moves both ends, others only steal from the head.
  std::atomic<std::uint32_t> runqhead;
  std::atomic<std::uint32_t> runqtail;
  std::atomic<g*> runq[runq_capacity];
  std::atomic<g*> runnext;  // runs before the ring: what the running G just made ready
  gfree_list gfree[stack_classes];
  std::uint64_t goidcache, goidcacheend;  // ids taken from sched.goidgen in batches
  std::atomic<std::int64_t> goroutines;   // of kind go: started here less ended here
  rt0::timers timers;
  sysmon_tick seen;  // sysmon's alone
};

}  // namespace rt0
