// Kernel threads that share everything with this process: what an M runs on.
#pragma once
#include <cstddef>
#include <cstdint>

#include "sys/ret.h"

namespace rt0::sys {

// Starts a thread on the stack that ends at stack_hi, with %fs = fs and %gs = gs; its first code is
// rt0_mstart. It inherits the caller's signal mask. *tid is its kernel id before it runs. Error: EAGAIN
// (RLIMIT_NPROC, threads-max, a cgroup's pids.max), ENOMEM.
ret<int> start_thread(void* stack_hi, void* fs, void* gs, std::int32_t* tid) noexcept;

}  // namespace rt0::sys
