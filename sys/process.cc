#include "sys/process.h"

#include <sys/syscall.h>

#include "rt0/arch.h"

namespace rt0::sys {

void exit_group(int status) noexcept {
  for (;;) raw_syscall(SYS_exit_group, status);
}

std::int32_t getpid() noexcept { return static_cast<std::int32_t>(raw_syscall(SYS_getpid)); }
std::uint32_t getuid() noexcept { return static_cast<std::uint32_t>(raw_syscall(SYS_getuid)); }
std::int32_t gettid() noexcept { return static_cast<std::int32_t>(raw_syscall(SYS_gettid)); }
void sched_yield() noexcept { raw_syscall(SYS_sched_yield); }

ret<int> tgkill(std::int32_t pid, std::int32_t tid, int signal) noexcept {
  return ret<int>::from_raw(raw_syscall(SYS_tgkill, pid, tid, signal));
}

ret<int> fork(unsigned long flags) noexcept {
  return ret<int>::from_raw(raw_syscall(SYS_clone, static_cast<long>(flags)));
}

resource_limit limit_of(resource r) noexcept {
  resource_limit limit{unlimited, unlimited};
  raw_syscall(SYS_prlimit64, 0, static_cast<long>(r), 0, reinterpret_cast<long>(&limit));
  return limit;
}

int affinity_count() noexcept {
  unsigned long mask[128];  // 8,192 CPUs: the largest that Linux is built for
  const long bytes = raw_syscall(SYS_sched_getaffinity, 0, sizeof mask, reinterpret_cast<long>(mask));
  int count = 0;
  for (long i = 0; i < bytes / 8; i++) {
    for (unsigned long word = mask[i]; word != 0; word &= word - 1) count++;  // clears the lowest bit
  }
  return count > 0 ? count : 1;
}

}  // namespace rt0::sys
