// The process and its kernel threads.
#pragma once
#include <cstdint>

#include "sys/ret.h"

namespace rt0::sys {

struct resource_limit {
  std::uint64_t soft, hard;  // ~0: unlimited
};
inline constexpr std::uint64_t unlimited = ~std::uint64_t{0};
// RLIMIT_STACK, _NPROC, _NOFILE, _AS, _SIGPENDING
enum class resource : int {
  stack = 3,
  processes = 6,
  descriptors = 7,
  address_space = 9,
  signals_pending = 11
};

[[noreturn]] void exit_group(int status) noexcept;
std::int32_t getpid() noexcept;
std::int32_t gettid() noexcept;
// A copy of the process with one thread, this one, on a copy of its stack: clone(2) without CLONE_VM. Returns
// its id, and 0 in it. flags: what it shall not share beyond that, and the signal that its end sends.
ret<int> fork(unsigned long flags) noexcept;
std::uint32_t getuid() noexcept;
ret<int> tgkill(std::int32_t pid, std::int32_t tid, int signal) noexcept;
resource_limit limit_of(resource) noexcept;
// CPUs that this thread may run on, at least 1.
int affinity_count() noexcept;
void sched_yield() noexcept;

}  // namespace rt0::sys
