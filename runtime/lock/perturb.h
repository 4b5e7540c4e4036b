// RT0_DEBUG=perturb=N: at every lock, park and claim, with a chance of one in N, the M gives its CPU away for
// a moment. What luck hides on few CPUs comes out; the stress tests run so too.
#pragma once
#include "runtime/base/debug_options.h"

namespace rt0 {

void perturb_slow() noexcept;

inline void perturb() noexcept {
  if (debug.perturb != 0) [[unlikely]]
    perturb_slow();
}

}  // namespace rt0
