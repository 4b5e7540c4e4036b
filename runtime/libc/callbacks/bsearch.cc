// bsearch, whose comparison may throw.
#define __NO_INLINE__ 1  // else the header holds a body of it
#include <stdlib.h>

#include "runtime/base/export.h"

RT0_EXPORT void* bsearch(const void* key, const void* base, std::size_t count, std::size_t bytes,
                         int (*compare)(const void*, const void*)) {
  const auto* at = static_cast<const char*>(base);
  while (count > 0) {
    const char* middle = at + count / 2 * bytes;
    const int sign = compare(key, middle);
    if (sign == 0) return const_cast<char*>(middle);
    if (sign > 0) {
      at = middle + bytes;
      count -= count / 2 + 1;
    } else {
      count /= 2;
    }
  }
  return nullptr;
}
