// pthread_setconcurrency: a wish that nothing follows from, since the scheduler knows the number of its Ps.
#include <errno.h>
#include <pthread.h>

#include <atomic>

#include "runtime/base/export.h"

namespace {

constinit std::atomic<int> wish{0};

}  // namespace

RT0_EXPORT int pthread_setconcurrency(int level) noexcept {
  if (level < 0) return EINVAL;
  wish.store(level, std::memory_order_relaxed);
  return 0;
}

RT0_EXPORT int pthread_getconcurrency() noexcept { return wish.load(std::memory_order_relaxed); }
