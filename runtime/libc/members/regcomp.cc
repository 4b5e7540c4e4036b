// regcomp for glibc's regex_t: programs read re_nsub at its place there; musl writes it to the first word
// only.
//
// musl's own function is renamed in our copy of its archive (third_party/musl).
#include <regex.h>
#include <string.h>

#include <cstddef>

#include "runtime/base/export.h"

static_assert(sizeof(regex_t) == 64 && offsetof(regex_t, re_nsub) == 48);  // musl leaves that word alone

extern "C" int rt0_musl_regcomp(regex_t*, const char*, int) noexcept;

RT0_EXPORT int regcomp(regex_t* regex, const char* pattern, int flags) {
  const int result = rt0_musl_regcomp(regex, pattern, flags);
  std::size_t groups;
  memcpy(&groups, regex, sizeof groups);
  if (result == 0) regex->re_nsub = groups;
  return result;
}
