// sched_getaffinity. musl's lies in one member with pthread_setaffinity_np, which takes a goroutine's index
// for a kernel thread's number.
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "runtime/base/export.h"

// The kernel writes as many bytes as its own masks have.
RT0_EXPORT int sched_getaffinity(pid_t thread, std::size_t bytes, cpu_set_t* mask) noexcept {
  const long written = syscall(SYS_sched_getaffinity, thread, bytes, mask);
  if (written < 0) return -1;
  memset(reinterpret_cast<char*>(mask) + written, 0, bytes - static_cast<std::size_t>(written));
  return 0;
}
