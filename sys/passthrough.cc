#include "sys/passthrough.h"

#include "rt0/arch.h"

namespace rt0::sys {

long passthrough(long nr, long a, long b, long c, long d, long e, long f) noexcept {
  return raw_syscall(nr, a, b, c, d, e, f);
}

}  // namespace rt0::sys
