// What glibc-compiled objects and -D_FORTIFY_SOURCE call in place of a function that writes to a buffer of
// known size: the same function under the name __<name>_chk, with that size. All names of glibc 2.36 except
// obstack's.
//
// One file for what the functions pull in: a program with one fortified memcpy must not link printf.
#pragma once
#undef _FORTIFY_SOURCE  // else the headers would turn our calls into calls of ourselves
#include <cstddef>

#include "runtime/base/export.h"

// "buffer overflow detected", abort. The core's.
extern "C" [[noreturn]] void __chk_fail() noexcept;

namespace rt0::libc {

inline void check(bool fits) {
  if (!fits) [[unlikely]]
    __chk_fail();
}

}  // namespace rt0::libc
