// glibc's malloc_trim: gives free memory back at once. What the other Ps' caches hold stays, at most 3/4 MiB
// each; how much to keep (pad) is not asked.
#include <malloc.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/core_abi.h"

RT0_EXPORT int malloc_trim(size_t) noexcept { return rt0_heap_trim() ? 1 : 0; }
