// setsockopt: a timeout changes how long a goroutine waits, of which the runtime has to know.
#include <sys/socket.h>
#include <sys/syscall.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"

RT0_EXPORT int setsockopt(int fd, int level, int option, const void* value, socklen_t bytes) noexcept {
  return static_cast<int>(rt0::libc::blocking_call_errno(SYS_setsockopt, fd, level, option, value, bytes));
}
