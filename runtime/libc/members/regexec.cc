// regexec for glibc's regmatch_t: two ints, where musl writes two longs (traps 22). regfree and regerror
// agree.
//
// musl's own function is renamed in our copy of its archive (third_party/musl). REG_STARTEND, which musl
// lacks, is added: pmatch[0] says which part of the string to search, and it need not end in 0.
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include <cstddef>

#include "runtime/base/export.h"

namespace {

struct musl_regmatch {
  long start, end;  // bytes from the string's begin; -1: this group took no part
};

constexpr std::size_t on_stack = 32;
// musl wrote nothing: the regex was compiled with REG_NOSUB, and `out` may be null.
constexpr long untouched = -2;

}  // namespace

extern "C" int rt0_musl_regexec(const regex_t*, const char*, std::size_t, musl_regmatch*, int) noexcept;

namespace {

int match_into(const regex_t* regex, const char* text, std::size_t count, regmatch_t* out, int flags,
               long shift, musl_regmatch* found) noexcept {
  for (std::size_t i = 0; i < count; i++) found[i].start = untouched;
  const int result = rt0_musl_regexec(regex, text, count, found, flags);
  if (result != 0) return result;
  for (std::size_t i = 0; i < count; i++) {
    if (found[i].start == untouched) continue;
    const long by = found[i].start < 0 ? 0 : shift;
    out[i].rm_so = static_cast<regoff_t>(found[i].start + by);
    out[i].rm_eo = static_cast<regoff_t>(found[i].end + by);
  }
  return 0;
}

int match(const regex_t* regex, const char* text, std::size_t count, regmatch_t* out, int flags,
          long shift) noexcept {
  if (count <= on_stack) {
    musl_regmatch found[on_stack];
    return match_into(regex, text, count, out, flags, shift, found);
  }
  auto* found = static_cast<musl_regmatch*>(reallocarray(nullptr, count, sizeof(musl_regmatch)));
  if (found == nullptr) return REG_ESPACE;
  const int result = match_into(regex, text, count, out, flags, shift, found);
  free(found);
  return result;
}

}  // namespace

RT0_EXPORT int regexec(const regex_t* regex, const char* text, std::size_t count, regmatch_t* out,
                       int flags) {
  if ((flags & REG_STARTEND) == 0) return match(regex, text, count, out, flags, 0);
  // POSIX has no such flag; glibc and BSD: offsets stay those of the whole text.
  const regoff_t from = out[0].rm_so, to = out[0].rm_eo;
  if (from < 0 || to < from) return REG_NOMATCH;
  char* part = strndup(text + from, static_cast<std::size_t>(to - from));
  if (part == nullptr) return REG_ESPACE;
  const int result = match(regex, part, count, out, flags & ~REG_STARTEND, from);
  free(part);
  return result;
}
