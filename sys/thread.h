// Kernel threads that share everything with this process: what an M runs on; and the process that shares its
// memory until it calls exec.
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

// vfork(2) with a stack of its own: a new process that shares this one's memory and runs fn(arg), which never
// returns, on the stack that ends at stack_hi. Blocks until that process has called exec or ended; returns
// its id. Its end sends SIGCHLD.
ret<int> start_vfork(void* stack_hi, void (*fn)(void*), void* arg) noexcept;

}  // namespace rt0::sys
