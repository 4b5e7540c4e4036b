#include "runtime/libc/members/chk.h"

#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

using rt0::libc::check;

RT0_EXPORT int __vswprintf_chk(wchar_t* to, std::size_t n, int, std::size_t room, const wchar_t* format,
                               va_list args) {
  check(n <= room);
  return vswprintf(to, n, format, args);
}

RT0_EXPORT int __vfwprintf_chk(FILE* f, int, const wchar_t* format, va_list args) {
  return vfwprintf(f, format, args);
}
RT0_EXPORT int __vwprintf_chk(int, const wchar_t* format, va_list args) {
  return vfwprintf(stdout, format, args);
}

RT0_EXPORT int __swprintf_chk(wchar_t* to, std::size_t n, int flag, std::size_t room, const wchar_t* format,
                              ...) {
  va_list args;
  va_start(args, format);
  const int result = __vswprintf_chk(to, n, flag, room, format, args);
  va_end(args);
  return result;
}

RT0_EXPORT int __fwprintf_chk(FILE* f, int, const wchar_t* format, ...) {
  va_list args;
  va_start(args, format);
  const int result = vfwprintf(f, format, args);
  va_end(args);
  return result;
}

RT0_EXPORT int __wprintf_chk(int, const wchar_t* format, ...) {
  va_list args;
  va_start(args, format);
  const int result = vfwprintf(stdout, format, args);
  va_end(args);
  return result;
}
