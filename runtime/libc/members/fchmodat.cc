// fchmodat without flags is one call of the blocking table. AT_SYMLINK_NOFOLLOW is musl's, by /proc: the
// kernel has none before 6.6.
#include <sys/stat.h>
#include <sys/syscall.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"

extern "C" int rt0_musl_fchmodat(int, const char*, mode_t, int) noexcept;

RT0_EXPORT int fchmodat(int at, const char* path, mode_t mode, int flags) noexcept {
  if (flags != 0) return rt0_musl_fchmodat(at, path, mode, flags);
  return static_cast<int>(rt0::libc::blocking_call_errno(SYS_fchmodat, at, path, mode));
}
