// `flag` asks glibc to refuse %n in writable formats; musl's printf has no such check, and it is ignored.
#include "runtime/libc/members/chk.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include <algorithm>

using rt0::libc::check;

RT0_EXPORT int __vsnprintf_chk(char* to, std::size_t n, int, std::size_t room, const char* format,
                               va_list args) {
  check(n <= room);
  return vsnprintf(to, n, format, args);
}

RT0_EXPORT int __vsprintf_chk(char* to, int, std::size_t room, const char* format, va_list args) {
  // Unknown is the largest number, at which musl's vsnprintf would fail with EOVERFLOW.
  const int n = vsnprintf(to, std::min(room, std::size_t{INT_MAX}), format, args);
  check(n < 0 || static_cast<std::size_t>(n) < room);
  return n;
}

RT0_EXPORT int __snprintf_chk(char* to, std::size_t n, int flag, std::size_t room, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int result = __vsnprintf_chk(to, n, flag, room, format, args);
  va_end(args);
  return result;
}

RT0_EXPORT int __sprintf_chk(char* to, int flag, std::size_t room, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int result = __vsprintf_chk(to, flag, room, format, args);
  va_end(args);
  return result;
}
