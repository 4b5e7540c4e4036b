// glibc's mallopt: its parameters are about its arenas; the heap has none of them, so they are accepted and
// change nothing. 0: no such parameter.
#include <malloc.h>

#include "runtime/base/export.h"

RT0_EXPORT int mallopt(int parameter, int) noexcept {
  switch (parameter) {
    case M_MXFAST:
    case M_TRIM_THRESHOLD:
    case M_TOP_PAD:
    case M_MMAP_THRESHOLD:
    case M_MMAP_MAX:
    case M_CHECK_ACTION:
    case M_PERTURB:
    case M_ARENA_TEST:
    case M_ARENA_MAX: return 1;
    default: return 0;
  }
}
