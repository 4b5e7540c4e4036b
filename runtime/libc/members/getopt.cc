// getopt as glibc's: options after the first other word count too, and such words go to the end, unless the
// list begins with
// + or the environment says POSIXLY_CORRECT. musl's own stops there; its getopt_long does as glibc's, for the
// long ones.
#include <getopt.h>
#include <stdlib.h>

#include "runtime/base/export.h"

extern "C" int rt0_musl_getopt(int, char* const*, const char*) noexcept;

RT0_EXPORT int getopt(int count, char* const* words, const char* options) noexcept {
  if (getenv("POSIXLY_CORRECT") != nullptr) return rt0_musl_getopt(count, words, options);
  return getopt_long(count, words, options, nullptr, nullptr);
}
