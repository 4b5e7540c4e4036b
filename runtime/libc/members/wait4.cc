// wait3, wait4: musl's make the system call by a bare instruction, which would hold the P.
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"

RT0_EXPORT pid_t wait4(pid_t pid, int* status, int options, struct rusage* usage) {
  return static_cast<pid_t>(rt0::libc::blocking_call_errno(SYS_wait4, pid, status, options, usage));
}

RT0_EXPORT pid_t wait3(int* status, int options, struct rusage* usage) {
  return wait4(-1, status, options, usage);
}
