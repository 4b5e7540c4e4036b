// What the inline mbrlen of glibc's <wchar.h> calls without a state of the caller's.
#include <wchar.h>

#include <cstddef>

#include "runtime/base/export.h"

RT0_EXPORT std::size_t __mbrlen(const char* text, std::size_t n, mbstate_t* state) noexcept {
  return mbrtowc(nullptr, text, n, state);
}
