// p: a processor, the right to run goroutines and what that needs without locks: a run queue, free Gs,
// timers.
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

// Dead goroutines with their stacks, by size class.
struct gfree_list {
  g* head[stack_classes];
  std::int32_t n;
};

struct p {
  pstatus status;
  p* link;                  // sched.pidle
  rt0::m* m;                // nullptr while idle
  std::uint32_t schedtick;  // switches made; every 61st looks at the global queue and the timers
  // A ring: the owner moves both ends, others only steal from the head.
  std::atomic<std::uint32_t> runqhead;
  std::atomic<std::uint32_t> runqtail;
  std::atomic<g*> runq[runq_capacity];
  std::atomic<g*> runnext;  // runs before the ring: what the running G just made ready
  gfree_list gfree;
  std::uint64_t goidcache, goidcacheend;  // ids taken from sched.goidgen in batches
  std::atomic<std::int64_t> goroutines;   // of kind go: started here less ended here
  rt0::timers timers;
};

}  // namespace rt0
