// lfind and lsearch, whose comparison may throw.
#include <search.h>
#include <string.h>

#include <cstddef>

#include "runtime/base/export.h"

RT0_EXPORT void* lfind(const void* key, const void* base, std::size_t* count, std::size_t bytes,
                       int (*compare)(const void*, const void*)) {
  const auto* at = static_cast<const char*>(base);
  for (std::size_t left = *count; left > 0; left--, at += bytes) {
    if (compare(key, at) == 0) return const_cast<char*>(at);
  }
  return nullptr;
}

RT0_EXPORT void* lsearch(const void* key, void* base, std::size_t* count, std::size_t bytes,
                         int (*compare)(const void*, const void*)) {
  if (void* found = lfind(key, base, count, bytes, compare)) return found;
  return memcpy(static_cast<char*>(base) + (*count)++ * bytes, key, bytes);
}
