// The poller: of all idle Ms the one that sleeps with a deadline, the next timer's. It will be the one that
// waits in the kernel for completions too.
//
//   adder of a timer:  timer is in its heap;  fence;  lastpoll == 0 and poll_until later? -> break its sleep
//                                                     lastpoll != 0?                      -> wakep
//   the poller:        P to the idle list;  fence;  earliest of all heaps;  lastpoll = 0;  poll_until = that;
//   sleep
//
// So either the adder sees a poller, or the M that becomes one sees the timer, or wakep finds an idle P and
// starts an M that does.
#pragma once
#include <cstdint>

namespace rt0 {

// The running M, without a P, sleeps until until_ns or poll_break. False: another M is the poller; it was
// made to wake in time. On g0.
bool poll(std::int64_t until_ns) noexcept;

// A timer for when_ns was added to a heap whose P may not look at it in time.
void wake_poller(std::int64_t when_ns) noexcept;

// The earliest timer of all Ps, or no_timer.
std::int64_t earliest_timer() noexcept;

}  // namespace rt0
