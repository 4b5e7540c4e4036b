// faccessat: musl's tries the effective ids, where the kernel is older than 5.8, in a child that is half a
// process. Here such a kernel answers for the real ids if they are the same, and says ENOSYS otherwise.
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"

RT0_EXPORT int faccessat(int at, const char* path, int mode, int flags) noexcept {
  using namespace rt0::libc;
  if (flags != 0) {
    const long result = blocking_call(SYS_faccessat2, at, path, mode, flags);
    const bool same = flags == AT_EACCESS && getuid() == geteuid() && getgid() == getegid();
    if (result != -ENOSYS || !same)
      return static_cast<int>(__syscall_ret(static_cast<unsigned long>(result)));
  }
  return static_cast<int>(blocking_call_errno(SYS_faccessat, at, path, mode));
}
