// locale_object: what a locale_t points to. It satisfies two readers at once:
//
//   libstdc++.a, compiled for glibc's __locale_struct: the character tables at 104, 112 and 120
//   musl: six pointers from 0, one a category, null for "C"
//
// The global locale, inside musl's __libc, has only musl's part: it is never handed out as a locale_t.
#pragma once
#include <locale.h>

#include <cstddef>

#include "runtime/libc/musl_abi.h"

namespace rt0::libc {

inline constexpr int glibc_categories = 13;

struct locale_object {
  musl_locale musl;
  const void* glibc_only[glibc_categories - musl_categories];
  const unsigned short* ctype_class;
  const int* ctype_tolower;
  const int* ctype_toupper;
  const char* names[glibc_categories];
};
static_assert(offsetof(locale_object, ctype_class) == offsetof(__locale_struct, __ctype_b));
static_assert(offsetof(locale_object, ctype_tolower) == offsetof(__locale_struct, __ctype_tolower));
static_assert(offsetof(locale_object, ctype_toupper) == offsetof(__locale_struct, __ctype_toupper));
static_assert(offsetof(locale_object, names) == offsetof(__locale_struct, __names));
static_assert(sizeof(locale_object) == sizeof(__locale_struct));

}  // namespace rt0::libc
