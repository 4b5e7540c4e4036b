// Source: Go 1.21 proc.go runqput, runqputslow, runqget, globrunqget. Stealing comes with the second M; the
// orders of the atomics are those that it needs.
#include "runtime/sched/runq.h"

#include <algorithm>

#include "runtime/base/fatal.h"

namespace rt0 {
namespace {

// Half of a full ring, and gp, to the global queue. False: a stealer made room meanwhile.
bool runqputslow(p* pp, g* gp, std::uint32_t head, std::uint32_t tail) noexcept {
  const std::uint32_t n = (tail - head) / 2;
  ensure(n == runq_capacity / 2, "runqputslow: queue is not full");
  g* batch[runq_capacity / 2 + 1];
  for (std::uint32_t i = 0; i < n; i++) {
    batch[i] = pp->runq[(head + i) % runq_capacity].load(std::memory_order_relaxed);
  }
  // pairs with: runqput's runqhead load(acquire) and a stealer's CAS
  if (!pp->runqhead.compare_exchange_strong(head, head + n, std::memory_order_release,
                                            std::memory_order_relaxed)) {
    return false;
  }
  batch[n] = gp;
  lock_guard hold(sched.lock);
  for (std::uint32_t i = 0; i <= n; i++) globrunqput(batch[i]);
  return true;
}

}  // namespace

void runqput(p* pp, g* gp, bool next) noexcept {
  if (next) {
    gp =
        pp->runnext.exchange(gp, std::memory_order_acq_rel);  // pairs with: runqget exchange, a stealer's CAS
    if (gp == nullptr) return;
  }
  for (;;) {
    const std::uint32_t head =
        pp->runqhead.load(std::memory_order_acquire);  // pairs with: consumers' CAS(release)
    const std::uint32_t tail = pp->runqtail.load(std::memory_order_relaxed);
    if (tail - head < runq_capacity) {
      pp->runq[tail % runq_capacity].store(gp, std::memory_order_relaxed);
      pp->runqtail.store(tail + 1,
                         std::memory_order_release);  // pairs with: a stealer's runqtail load(acquire)
      return;
    }
    if (runqputslow(pp, gp, head, tail)) return;
  }
}

g* runqget(p* pp) noexcept {
  // Only the owner sets runnext to something, so a plain look first saves the exchange.
  if (pp->runnext.load(std::memory_order_relaxed) != nullptr) {
    g* gp = pp->runnext.exchange(nullptr, std::memory_order_acq_rel);  // pairs with: runqput exchange
    if (gp != nullptr) return gp;
  }
  std::uint32_t head =
      pp->runqhead.load(std::memory_order_acquire);  // pairs with: other consumers' CAS(release)
  for (;;) {
    const std::uint32_t tail = pp->runqtail.load(std::memory_order_relaxed);
    if (tail == head) return nullptr;
    g* gp = pp->runq[head % runq_capacity].load(std::memory_order_relaxed);
    // pairs with: runqput runqhead load(acquire): the place may be written again
    if (pp->runqhead.compare_exchange_weak(head, head + 1, std::memory_order_release,
                                           std::memory_order_acquire)) {
      return gp;
    }
  }
}

bool runqempty(const p* pp) noexcept {
  return pp->runqhead.load(std::memory_order_acquire) == pp->runqtail.load(std::memory_order_acquire) &&
         pp->runnext.load(std::memory_order_acquire) == nullptr;
}

void globrunqput(g* gp) noexcept { sched.runq.push_back(gp); }

g* globrunqget(p* pp, std::uint32_t max) noexcept {
  if (sched.runq.size == 0) return nullptr;
  std::uint32_t n = sched.runq.size / static_cast<std::uint32_t>(sched.gomaxprocs) + 1;
  n = std::min({n, sched.runq.size, runq_capacity / 2});
  if (max > 0) n = std::min(n, max);
  g* first = sched.runq.pop();
  for (std::uint32_t i = 1; i < n; i++) runqput(pp, sched.runq.pop(), false);
  return first;
}

}  // namespace rt0
