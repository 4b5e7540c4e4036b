// Who stops the world queues here first, as a goroutine. The number of Ps, set while the program runs.
#pragma once

namespace rt0 {

// One stops the world at a time. On a goroutine; may park.
void lock_world() noexcept;
void unlock_world() noexcept;

// The number of Ps; n > 0 sets it (at most max_procs), which stops the world. Returns the old one. On a
// goroutine; may park.
int gomaxprocs(int n) noexcept;

}  // namespace rt0
