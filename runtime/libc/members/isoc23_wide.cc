// The names that glibc >= 2.38 headers give wcstol's and wscanf's families (T19), for objects compiled there.
#include <inttypes.h>
#include <stdarg.h>
#include <wchar.h>

#include "runtime/base/export.h"

// long, long long and intmax_t are one type.
#define SIGNED(name) \
  RT0_EXPORT         \
  long name(const wchar_t* text, wchar_t** end, int base) noexcept { return wcstol(text, end, base); }
#define UNSIGNED(name)                                                        \
  RT0_EXPORT                                                                  \
  unsigned long name(const wchar_t* text, wchar_t** end, int base) noexcept { \
    return wcstoul(text, end, base);                                          \
  }
SIGNED(__isoc23_wcstol)
SIGNED(__isoc23_wcstoll)
SIGNED(__isoc23_wcstoimax)
UNSIGNED(__isoc23_wcstoul)
UNSIGNED(__isoc23_wcstoull)
UNSIGNED(__isoc23_wcstoumax)

RT0_EXPORT int __isoc23_vswscanf(const wchar_t* text, const wchar_t* format, va_list args) {
  return vswscanf(text, format, args);
}

RT0_EXPORT int __isoc23_swscanf(const wchar_t* text, const wchar_t* format, ...) {
  va_list args;
  va_start(args, format);
  const int result = vswscanf(text, format, args);
  va_end(args);
  return result;
}
