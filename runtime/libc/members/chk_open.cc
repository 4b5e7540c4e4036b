// open with O_CREAT but no mode, by a fortified call that could not see the flags.
#include "runtime/libc/members/chk.h"

#include <fcntl.h>

using rt0::libc::check;

namespace {

bool needs_mode(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }

}  // namespace

RT0_EXPORT int __open_2(const char* path, int flags) {
  check(!needs_mode(flags));
  return open(path, flags);
}

RT0_EXPORT int __openat_2(int dir, const char* path, int flags) {
  check(!needs_mode(flags));
  return openat(dir, path, flags);
}

RT0_EXPORT int __open64_2(const char* path, int flags) { return __open_2(path, flags); }
RT0_EXPORT int __openat64_2(int dir, const char* path, int flags) { return __openat_2(dir, path, flags); }
