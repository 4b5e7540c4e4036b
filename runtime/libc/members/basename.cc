// basename as <string.h> declares it: GNU's, which leaves the path alone. <libgen.h> calls POSIX's, which is
// musl's, by the name __xpg_basename. (No header here: theirs has two overloads in C++.)
#include "runtime/base/export.h"

extern "C" char* strrchr(const char*, int) noexcept;

RT0_EXPORT const char* basename(const char* path) noexcept {
  const char* slash = strrchr(path, '/');
  return slash != nullptr ? slash + 1 : path;
}
