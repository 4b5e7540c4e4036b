// The one order of the runtime's own locks: an M takes them only in rising rank, so no two Ms can wait for
// each other. Go's lockrank.go; differs: one line, not a graph. Go's has 60 locks, some never held together;
// of our twenty each has a place before all that may be taken under it, which a reader can keep in mind.
//
// The rank is a part of the lock's type, so that a checked run (RT0_DEBUG=check=1, held.h) needs no field in
// it. Of one rank an M may hold several, taken by rising address: the exchanges of all size classes, which a
// fork takes.
//
// Not here: `note`, which nobody holds, and what goroutines wait in (runtime/sync): for those a program's own
// order is looked at, by runtime/unwind/cycles.h.
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

// As a report names it. A function, not a table: a constant table of pointers would need relocation.
constexpr const char* text_of(lock_rank rank) noexcept {
  switch (rank) {
    case lock_rank::exit: return "exit";
    case lock_rank::atfork: return "atfork";
    case lock_rank::keys: return "keys";
    case lock_rank::signals: return "signals";
    case lock_rank::netpoll_open: return "netpoll_open";
    case lock_rank::netpoll_take: return "netpoll_take";
    case lock_rank::netpoll_give: return "netpoll_give";
    case lock_rank::wait_bucket: return "wait_bucket";
    case lock_rank::placement: return "placement";
    case lock_rank::births: return "births";
    case lock_rank::sched: return "sched";
    case lock_rank::allg: return "allg";
    case lock_rank::gfree: return "gfree";
    case lock_rank::timers: return "timers";
    case lock_rank::stack_slabs: return "stack_slabs";
    case lock_rank::heap_check: return "heap_check";
    case lock_rank::heap_exchange: return "heap_exchange";
    case lock_rank::heap: return "heap";
    case lock_rank::heap_large: return "heap_large";
  }
  return "?";
}

}  // namespace rt0
