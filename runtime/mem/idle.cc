#include "runtime/mem/idle.h"

#include "runtime/mem/cache.h"
#include "runtime/mem/central.h"

namespace rt0 {

constinit std::atomic<bool> heap_was_freed{false};

namespace {

constinit std::int64_t period_began_ns = 0;  // 0: no period runs

}  // namespace

std::int64_t heap_return_due_ns() noexcept {
  if (period_began_ns != 0) return period_began_ns + heap_idle_ns;
  return heap_was_freed.load(std::memory_order_relaxed) ? 0 : INT64_MAX;
}

void heap_return_idle(std::int64_t now_ns, void (*purge_caches)(bool all)) noexcept {
  if (period_began_ns == 0) {
    if (!heap_was_freed.exchange(false, std::memory_order_relaxed)) return;
    period_began_ns = now_ns;
    return;
  }
  if (now_ns - period_began_ns < heap_idle_ns) return;
  const bool quiet = !heap_was_freed.exchange(false, std::memory_order_relaxed);
  purge_caches(quiet);
  exchange_return_idle(quiet);
  (void)central_return_idle(quiet);
  period_began_ns = quiet ? 0 : now_ns;
}

}  // namespace rt0
