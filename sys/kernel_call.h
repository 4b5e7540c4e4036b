// In which system call a thread of this process is, as /proc/self/task/TID/syscall has it: without disturbing
// it, also one that no signal reaches.
#pragma once
#include <cstdint>

namespace rt0::sys {

struct kernel_call {
  long nr;
  long first_argument;
  std::uintptr_t sp, pc;  // where it goes on
};
// False: it is in none, or it runs just now, or nobody can tell (no /proc).
bool call_of_thread(std::int32_t tid, kernel_call& call) noexcept;

}  // namespace rt0::sys
