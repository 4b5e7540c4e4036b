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

// Where and how the kernel runs a thread (0: the caller).
struct thread_placement {
  static constexpr std::size_t max_cpu_bytes = 128;  // 1,024 CPUs: the C library's cpu_set_t
  alignas(8) unsigned char cpus[max_cpu_bytes];
  std::int32_t policy, priority;  // SCHED_OTHER, ...
  bool operator==(const thread_placement&) const = default;
};
ret<int> set_placement(std::int32_t tid, const thread_placement&) noexcept;
ret<int> get_placement(std::int32_t tid, thread_placement&) noexcept;

}  // namespace rt0::sys
