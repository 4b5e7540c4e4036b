// Numbers by a locale: musl has them for floating point only, and its integers know one form for all
// locales. libc++'s.
#include <locale.h>
#include <stdlib.h>

#include "runtime/base/export.h"

RT0_EXPORT long strtol_l(const char* text, char** end, int base, locale_t) noexcept {
  return strtol(text, end, base);
}
RT0_EXPORT long long strtoll_l(const char* text, char** end, int base, locale_t) noexcept {
  return strtoll(text, end, base);
}
RT0_EXPORT unsigned long strtoul_l(const char* text, char** end, int base, locale_t) noexcept {
  return strtoul(text, end, base);
}
RT0_EXPORT unsigned long long strtoull_l(const char* text, char** end, int base, locale_t) noexcept {
  return strtoull(text, end, base);
}
