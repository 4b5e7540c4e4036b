// The one table of lock ranks: an M takes locks only in rising order. Go's lockrank.go.
//
// The rank is a part of the lock's type, so that a checked build needs no field in it.
#pragma once
#include <cstdint>

namespace rt0 {

enum class lock_rank : std::uint8_t {
  exit,           // libc: who runs exit()
  atfork,         // libc: pthread_atfork's functions
  keys,           // libc: pthread keys
  signals,        // signal: who is told of what
  netpoll_open,   // io: the first use
  netpoll_take,   // io: who takes completions
  netpoll_give,   // io: who submits, or arms a descriptor
  wait_bucket,    // sync: one bucket of the wait table
  placement,      // sched: where bound goroutines run
  births,         // sched.births: an M is being made, or all are asked for something
  sched,          // sched.lock: global queue, idle lists
  allg,           // the list of all goroutines
  gfree,          // global free goroutines
  timers,         // one P's timers
  stack_slabs,    // mem: stack slots
  heap_check,     // mem: blocks that wait in RT0_DEBUG=check=1
  heap_exchange,  // mem: one size class's batches
  heap,           // mem: the central heap
  heap_large,     // mem: the table of large blocks
};

}  // namespace rt0
