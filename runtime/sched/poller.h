// The poller: of all idle Ms the one that sleeps with a deadline, the next timer's. Once a goroutine waited
// for a descriptor, it sleeps in the kernel instead of on a note.
//
//   adder of a timer:  timer is in its heap;  fence;  lastpoll == 0 and poll_until later? -> break its sleep
//                                                     lastpoll != 0?                      -> wakep
//   the poller:        P to the idle list;  fence;  lastpoll = 0;  claim the queue;  earliest of all heaps;
//                      poll_until = that;  sleep
//
// So either the adder sees a poller, or the M that becomes one sees the timer, or wakep finds an idle P and
// starts an M that does. tests/models/netpoll.pml
//
// A poller that finds one goroutine runs it, and nobody polls until it is back; so does Go's. If that
// goroutine computes for long while other Ps are idle, sysmon polls, within 1 ms (Go: 10).
//
// What the kernel reports is the poller's alone from the claim to the end of its sleep, or a busy M that
// takes reports in passing could take the break that was meant for it.
#pragma once
#include <cstdint>

namespace rt0 {

// What runtime/io gives the scheduler. All of it on any stack, without parking.
struct netpoller {
  void (*claim)() noexcept;                       // the poller: nobody else takes completions
  void (*sleep)(std::int64_t until_ns) noexcept;  // blocks until something completed, until_ns (no_timer: no
                                                  // limit), or interrupt
  void (*release)() noexcept;
  void (*interrupt)() noexcept;  // ends the sleep, or the next one
  bool (*ready)() noexcept;      // something has completed: no system call
  bool (*take)() noexcept;       // makes its goroutines runnable here; false: nothing, or another M is at it
};

// From now on the poller sleeps in np. Once.
void install_netpoller(const netpoller* np) noexcept;

// Takes what has completed, if anybody waits for that. True: it made goroutines runnable here.
bool netpoll() noexcept;

// The running M, without a P, sleeps until until_ns or poll_break. False: another M is the poller; it was
// made to wake in time. On g0.
bool poll(std::int64_t until_ns) noexcept;

// A timer for when_ns was added to a heap whose P may not look at it in time.
void wake_poller(std::int64_t when_ns) noexcept;
// The running goroutine submitted an operation and will park. If its P goes on with other work, somebody idle
// shall wait for it; else the P's own M will.
void need_poller() noexcept;

// The earliest timer of all Ps, or no_timer.
std::int64_t earliest_timer() noexcept;
// A due timer, or something that completed.
bool poller_has_work() noexcept;

}  // namespace rt0
