// What <rt/signal.h> calls in the runtime. Not for programs, and not kept stable for them.
#pragma once
#include <cstddef>

struct rt0_chan;

extern "C" {

// The channel, of ints, is told of these signals from now on, and keeps a handle more. Returns 0, or an
// errno: EINVAL, ENOMEM.
int rt0_notify(rt0_chan* c, const int* signals, std::size_t count) noexcept;
// A channel that is told no more: its handle is the caller's now. nullptr: there is none.
rt0_chan* rt0_notify_ended() noexcept;
}
