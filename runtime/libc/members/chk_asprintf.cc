// `flag` asks glibc to refuse %n in writable formats; musl's printf has no such check, and it is ignored.
#include "runtime/libc/members/chk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

RT0_EXPORT int __vasprintf_chk(char** to, int, const char* format, va_list args) {
  return vasprintf(to, format, args);
}

RT0_EXPORT int __asprintf_chk(char** to, int, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int result = vasprintf(to, format, args);
  va_end(args);
  return result;
}

RT0_EXPORT int __vdprintf_chk(int fd, int, const char* format, va_list args) {
  return vdprintf(fd, format, args);
}

RT0_EXPORT int __dprintf_chk(int fd, int, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int result = vdprintf(fd, format, args);
  va_end(args);
  return result;
}
