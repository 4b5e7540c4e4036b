// The names that glibc >= 2.38 headers give scanf's family (T19), for objects compiled there. musl's %i
// does not read C23's "0b101".
#include <stdarg.h>
#include <stdio.h>

#include "runtime/base/export.h"

RT0_EXPORT int __isoc23_vsscanf(const char* text, const char* format, va_list args) {
  return vsscanf(text, format, args);
}
RT0_EXPORT int __isoc23_vfscanf(FILE* f, const char* format, va_list args) {
  return vfscanf(f, format, args);
}
RT0_EXPORT int __isoc23_vscanf(const char* format, va_list args) { return vfscanf(stdin, format, args); }

RT0_EXPORT int __isoc23_sscanf(const char* text, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int result = vsscanf(text, format, args);
  va_end(args);
  return result;
}

RT0_EXPORT int __isoc23_fscanf(FILE* f, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int result = vfscanf(f, format, args);
  va_end(args);
  return result;
}

RT0_EXPORT int __isoc23_scanf(const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int result = vfscanf(stdin, format, args);
  va_end(args);
  return result;
}
