// The number of Ps, set while the program runs. Who stops the world queues here first, as a goroutine.
#pragma once

namespace rt0 {

// The number of Ps; n > 0 sets it (at most max_procs), which stops the world. Returns the old one. On a
// goroutine; may park.
int gomaxprocs(int n) noexcept;

}  // namespace rt0
