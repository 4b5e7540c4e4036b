// The one table of lock ranks: an M takes locks only in rising order. Go's lockrank.go.
//
// The rank is a part of the lock's type, so that a checked build needs no field in it.
#pragma once
#include <cstdint>

namespace rt0 {

enum class lock_rank : std::uint8_t {
  exit,         // libc: who runs exit()
  keys,         // libc: pthread keys
  signals,      // signal: who is told of what
  wait_bucket,  // sync: one bucket of the wait table
  placement,    // sched: where bound goroutines run
  births,       // sched.births: an M is being made, or all are asked for something
  sched,        // sched.lock: global queue, idle lists
  allg,         // the list of all goroutines
  gfree,        // global free goroutines
  timers,       // one P's timers
  stack_slabs,  // mem: stack slots
  heap,         // mem: the central heap
};

}  // namespace rt0
