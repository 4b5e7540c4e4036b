// `flag` asks glibc to refuse %n in writable formats; musl's printf has no such check, and it is ignored.
#include "runtime/libc/members/chk.h"

#include <stdarg.h>
#include <stdio.h>

RT0_EXPORT int __vfprintf_chk(FILE* f, int, const char* format, va_list args) {
  return vfprintf(f, format, args);
}
RT0_EXPORT int __vprintf_chk(int, const char* format, va_list args) { return vfprintf(stdout, format, args); }

RT0_EXPORT int __fprintf_chk(FILE* f, int, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int result = vfprintf(f, format, args);
  va_end(args);
  return result;
}

RT0_EXPORT int __printf_chk(int, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int result = vfprintf(stdout, format, args);
  va_end(args);
  return result;
}
