// fopen: musl's opens by a bare call, which keeps the P while a FIFO has no other end.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"

extern "C" {
[[gnu::visibility("hidden")]] FILE* __fdopen(int fd, const char* mode);
[[gnu::visibility("hidden")]] int __fmodeflags(const char* mode);
}

RT0_EXPORT FILE* fopen(const char* path, const char* mode) {
  if (*mode == '\0' || strchr("rwa", *mode) == nullptr) {
    errno = EINVAL;
    return nullptr;
  }
  constexpr int all_may = 0666;
  const long fd = rt0::libc::blocking_call_errno(SYS_open, path, __fmodeflags(mode), all_may);
  if (fd < 0) return nullptr;
  FILE* file = __fdopen(static_cast<int>(fd), mode);
  if (file == nullptr) rt0::libc::blocking_call(SYS_close, fd);
  return file;
}

// The name under -D_FILE_OFFSET_BITS=64.
RT0_EXPORT FILE* fopen64(const char* path, const char* mode) { return fopen(path, mode); }
