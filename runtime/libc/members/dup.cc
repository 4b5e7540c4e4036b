// dup2 and dup3: a number comes to mean another file, of which the runtime has to know.
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"

using rt0::libc::blocking_call_errno;

RT0_EXPORT int dup2(int from, int to) { return static_cast<int>(blocking_call_errno(SYS_dup2, from, to)); }

RT0_EXPORT int dup3(int from, int to, int flags) {
  return static_cast<int>(blocking_call_errno(SYS_dup3, from, to, flags));
}

// musl's members ask by this name.
RT0_EXPORT int __dup3(int from, int to, int flags) { return dup3(from, to, flags); }
