#include "runtime/sched/idle_memory.h"

#include "runtime/base/debug_options.h"
#include "runtime/mem/idle.h"
#include "runtime/sched/gfree.h"
#include "runtime/sched/sched.h"

namespace rt0 {
namespace {

static_assert(no_timer == INT64_MAX, "as heap_return_due_ns says it");

// Of Ps that nobody has, and, unless all, that ran nothing since the last call. Those in the list nobody
// takes while we hold the lock, and who put them there used the cache before he took it.
void purge_resting_caches(bool all) noexcept {
  lock_guard hold(sched.lock);
  for (p* pp = sched.pidle; pp != nullptr; pp = pp->link) {
    const std::uint32_t slice = pp->slicetick.load(std::memory_order_relaxed);
    if (all || pp->seen.resting_slice == slice) cache_purge(mcache_of(pp));
    pp->seen.resting_slice = slice;
  }
}

}  // namespace

std::int64_t idle_memory_due_ns() noexcept {
  if (debug.idlepages == 0) return no_timer;
  const std::int64_t stacks_ns = gfree_return_due_ns(), heap_ns = heap_return_due_ns();
  return stacks_ns < heap_ns ? stacks_ns : heap_ns;
}

void return_idle_memory(std::int64_t now_ns) noexcept {
  if (debug.idlepages == 0) return;
  if (gfree_return_due_ns() <= now_ns) (void)gfree_return_idle_pages(now_ns);
  if (heap_return_due_ns() <= now_ns) heap_return_idle(now_ns, purge_resting_caches);
}

}  // namespace rt0
