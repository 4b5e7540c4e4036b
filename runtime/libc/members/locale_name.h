// Which locale names exist, and what musl calls them: what newlocale and setlocale share.
//
// "C" and "POSIX" are C; any name whose codeset is UTF-8 is musl's C.UTF-8 under the name given; "" asks
// the environment. Everything else does not exist, as on a glibc system where it is not installed.
// Rejected: musl's own rule, by which every name exists: std::locale("de_DE.ISO-8859-1") would then succeed
// and write UTF-8.
#pragma once
#include <cstddef>

#include "runtime/libc/musl_abi.h"

namespace rt0::libc {

inline constexpr std::size_t locale_name_bytes = sizeof(musl_locale_map::name);  // with its end

// "LC_CTYPE" and so on.
const char* category_name(int category) noexcept;

// The name that musl knows for this category by the given one; nullptr: there is no such locale. Lives as
// long as `given`, or as the environment.
const char* locale_name(int category, const char* given) noexcept;

}  // namespace rt0::libc
