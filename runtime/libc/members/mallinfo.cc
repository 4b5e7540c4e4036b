// glibc's malloc.h: what the heap holds. Blocks in the caches of Ps count as in use.
#include <limits.h>
#include <malloc.h>
#include <stdio.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/core_abi.h"

RT0_EXPORT struct mallinfo2 mallinfo2() noexcept {
  rt0::heap_figures now;
  rt0_heap_measure(&now);
  struct mallinfo2 info {};
  info.arena = now.chunk_bytes;
  info.uordblks = now.in_use_bytes;
  info.fordblks = now.chunk_bytes - now.in_use_bytes;
  info.hblks = now.large_blocks;
  info.hblkhd = now.large_bytes;
  return info;
}

namespace {

int as_int(size_t n) { return n > INT_MAX ? INT_MAX : static_cast<int>(n); }

}  // namespace

// What does not fit an int is INT_MAX; glibc's wraps.
RT0_EXPORT struct mallinfo mallinfo() noexcept {
  const struct mallinfo2 wide = mallinfo2();
  struct mallinfo info {};
  info.arena = as_int(wide.arena);
  info.uordblks = as_int(wide.uordblks);
  info.fordblks = as_int(wide.fordblks);
  info.hblks = as_int(wide.hblks);
  info.hblkhd = as_int(wide.hblkhd);
  return info;
}

RT0_EXPORT void malloc_stats() noexcept {
  const struct mallinfo2 info = mallinfo2();
  fprintf(stderr, "system bytes     = %10zu\nin use bytes     = %10zu\n", info.arena + info.hblkhd,
          info.uordblks + info.hblkhd);
  fprintf(stderr, "mmap regions     = %10zu\nmmap bytes       = %10zu\n", info.hblks, info.hblkhd);
}
