// What <rt/time.h> calls in the runtime, besides the channels of time (chan.h). Not for programs, and not
// kept stable for them.
#pragma once
#include <cstdint>

extern "C" {

// A timer that starts a goroutine. Allocated by the header, and alive while it is pending, or what it started
// runs: after a reset `run` follows once, unless the next stop or reset says true.
struct rt0_timer {
  void (*run)(rt0_timer* self);  // the goroutine's life
  void* room[15];                // the runtime's own
};

// What it starts has the signal mask and the labels of the running goroutine.
void rt0_timer_init(rt0_timer* t) noexcept;
void rt0_timer_destroy(rt0_timer* t) noexcept;
// Both: true, it was pending, and run will not be called for that. due_ns is a time of CLOCK_MONOTONIC. Any
// goroutines may call them at once.
bool rt0_timer_reset(rt0_timer* t, std::int64_t due_ns) noexcept;
bool rt0_timer_stop(rt0_timer* t) noexcept;
}
