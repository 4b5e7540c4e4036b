// The states of a goroutine, and who owns its stack in each. Go's runtime2.go _Gidle and on.
//
//   idle      just allocated                                   nobody's stack
//   dead      unused: on a free list, or being made            the free list's, or the maker's
//   runnable  on a run queue                                   the run queue's
//   running   executes on an M with a P                        the goroutine's own
//   syscall   executes a system call on an M                   the goroutine's own
//   waiting   parked; somewhere a waker can find it            nobody's; the parker's until the switch away
//   is complete
//
//   idle -> dead -> runnable -> running -> waiting -> runnable
//                      ^          |  |  ^
//                      +-- yield -+  |  +-- exitsyscall -- syscall
//                   dead <-- goexit -+---- entersyscall -----^
//
// Who takes an edge (watch.cc looks, under RT0_DEBUG=check=1):
//
//   idle ->      its maker
//   dead ->      its maker, on an M with a P
//   runnable ->  who took it from a queue, on an M with a P; if it is bound to an M, on that one
//   running ->   the M that runs it, with its P
//   syscall ->   the M that runs it; to running with a P
//   waiting ->   who claimed its wait, from any M; it is off its stack
#pragma once
#include <cstdint>

namespace rt0 {

struct g;

enum class gstatus : std::uint32_t {
  idle = 0,
  runnable = 1,
  running = 2,
  syscall = 3,
  waiting = 4,
  dead = 6
};

// Beside the state, in the same word: watch.h. No reader minds.
inline constexpr std::uint32_t gstatus_watched = 0x100;
constexpr gstatus state_in(gstatus word) noexcept {
  return static_cast<gstatus>(static_cast<std::uint32_t>(word) & ~gstatus_watched);
}
constexpr gstatus with_watch(gstatus state) noexcept {
  return static_cast<gstatus>(static_cast<std::uint32_t>(state) | gstatus_watched);
}

// The edges above; casgstatus consults them.
inline constexpr bool gstatus_edge(gstatus from, gstatus to) {
  switch (from) {
    case gstatus::idle: return to == gstatus::dead;
    case gstatus::dead: return to == gstatus::runnable;
    case gstatus::runnable: return to == gstatus::running;
    case gstatus::running:
      return to == gstatus::waiting || to == gstatus::runnable || to == gstatus::dead ||
             to == gstatus::syscall;
    case gstatus::syscall: return to == gstatus::running || to == gstatus::runnable;
    case gstatus::waiting: return to == gstatus::runnable;
  }
  return false;
}

constexpr const char* text_of(gstatus s) noexcept {
  switch (s) {
    case gstatus::idle: return "idle";
    case gstatus::runnable: return "runnable";
    case gstatus::running: return "running";
    case gstatus::syscall: return "syscall";
    case gstatus::waiting: return "waiting";
    case gstatus::dead: return "dead";
  }
  return "corrupt";
}

}  // namespace rt0
