// Readiness: a goroutine waits until a descriptor can be read or written, and then tries again.
//
// One epoll instance for all; each descriptor is registered with it once, edge-triggered, when somebody first
// waits for it. So a wait costs no system call: the edges come to the poller, many in one call, and count up
// a word of the descriptor's slot.
//
//   waiter:  seen = slot.in;  try: would block;            registered?   wait while slot.in == seen
//   taker:                     an edge: slot.in + 1, wake
//
// An edge that comes after `seen` was read changes the word, whatever the try has seen. What became ready
// before the registration is reported by the registration.
//
// A read from a TCP socket that got less than it asked for has emptied it: the next one need not be tried
// until the word changes (slot.empty_at), which saves one of three system calls a request. Not where reads
// stop elsewhere (unix sockets at passed descriptors, datagrams), nor when the peer's end, an error or urgent
// data was reported: those come with the data, in one edge.
//
// A number comes to mean another file. Invariant: slot.asked != 0 only if the file that the number means is
// registered; or the goroutines that wait would sleep for ever. The C library's close and dup2 tell us twice:
//
//   before:  unregister, asked = 0, wake who waits     another descriptor may keep the file alive, and its
//   the call itself                                    edges would count here for ever
//   after:   asked = 0, wake who waits                 somebody may have registered in between: the old file,
//                                                      or another goroutine's new one
//
// Registrations are made under the lock, so that `after` comes after any that met the old file. To forget too
// much is harmless: EEXIST says so. Other processes cannot do it to us: what a child or a receiver of
// SCM_RIGHTS closes is its own number.
#pragma once
#include <errno.h>

#include <cstdint>

#include "runtime/io/netpoll.h"
#include "runtime/sched/poller.h"
#include "runtime/sync/wait_table.h"

namespace rt0 {

// Makes the epoll instance and the poller's break. False: no descriptors, or no memory.
bool readiness_open() noexcept;
// The ring's descriptor: its completions end the poller's sleep too.
bool readiness_watch_ring(int fd) noexcept;
void readiness_after_fork() noexcept;
netpoll_fds readiness_own() noexcept;

// As netpoll_wait; readiness_refused: the descriptor could not be registered (ENOSPC, ENOMEM).
inline constexpr long readiness_refused = -ENOSPC;
long readiness_wait(int fd, io_direction direction, io_seen seen, std::int64_t deadline_ns,
                    io_waiter& waiter) noexcept;

// A read, tried after `seen`, got less than it asked for. If it was of TCP, the socket was empty then.
void readiness_was_short(int fd, io_seen seen) noexcept;

// What a wait's end makes of the operation: 0, or why it is taken back.
inline long outcome_of(wait_result how) noexcept {
  return how == wait_result::timed_out ? -ETIMEDOUT : how == wait_result::interrupted ? -EINTR : 0;
}

// The poller's side (sched/poller.h).
namespace readiness {
void claim() noexcept;
void sleep(std::int64_t until_ns) noexcept;
void release() noexcept;
void interrupt() noexcept;
bool ready() noexcept;
// Also calls take_ring, under the lock of who takes.
bool take(bool (*take_ring)() noexcept) noexcept;
}  // namespace readiness

}  // namespace rt0
