// The names that glibc >= 2.38 headers give strtol's family (T19), for objects compiled there. In C23 a
// base of 0 or 2 also reads "0b101".
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <limits>

#include "runtime/base/export.h"

namespace {

constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

struct binary {
  const char* digits = nullptr;  // nullptr: the text is not of the new form
  bool negative = false;
};

binary find_binary(const char* text, int base) noexcept {
  binary found;
  if (base != 0 && base != 2) return found;
  while (is_space(*text)) text++;
  if (*text == '+' || *text == '-') found.negative = *text++ == '-';
  const bool is_binary = text[0] == '0' && (text[1] | 0x20) == 'b' && (text[2] == '0' || text[2] == '1');
  if (is_binary) found.digits = text + 2;
  return found;
}

long to_signed(const char* text, char** end, int base) noexcept {
  const binary b = find_binary(text, base);
  if (b.digits == nullptr) return strtol(text, end, base);
  using limits = std::numeric_limits<long>;
  const unsigned long size = strtoul(b.digits, end, 2);
  if (size > static_cast<unsigned long>(limits::max()) + (b.negative ? 1 : 0)) {
    errno = ERANGE;
    return b.negative ? limits::min() : limits::max();
  }
  return static_cast<long>(b.negative ? 0 - size : size);
}

unsigned long to_unsigned(const char* text, char** end, int base) noexcept {
  const binary b = find_binary(text, base);
  if (b.digits == nullptr) return strtoul(text, end, base);
  const unsigned long size = strtoul(b.digits, end, 2);
  return b.negative ? 0 - size : size;
}

}  // namespace

// long, long long and intmax_t are one type.
#define SIGNED(name) \
  RT0_EXPORT         \
  long name(const char* text, char** end, int base) noexcept { return to_signed(text, end, base); }
#define UNSIGNED(name) \
  RT0_EXPORT           \
  unsigned long name(const char* text, char** end, int base) noexcept { return to_unsigned(text, end, base); }
SIGNED(__isoc23_strtol)
SIGNED(__isoc23_strtoll)
SIGNED(__isoc23_strtoimax)
UNSIGNED(__isoc23_strtoul)
UNSIGNED(__isoc23_strtoull)
UNSIGNED(__isoc23_strtoumax)
