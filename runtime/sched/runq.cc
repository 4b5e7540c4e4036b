// Source: Go 1.21 proc.go runqput, runqputslow, runqget, runqgrab, runqsteal, globrunqget.
#include "runtime/sched/runq.h"

#include <algorithm>

#include "runtime/base/fatal.h"
#include "sys/clock.h"

namespace rt0 {
namespace {

// A goroutine that was just made ready is about to be run by its waker's P, which will park at once; stealing
// it would only make two Ps exchange their goroutines. Go's runqgrab waits as long.
constexpr std::int64_t runnext_grace_ns = 3'000;

constexpr std::uint32_t ahead_places = 4;  // of the global queue's list; more bring nothing

}  // namespace

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
  for (std::uint32_t i = 0; i + ahead_places <= n; i++) batch[i]->ahead = batch[i + ahead_places];
  lock_guard hold(sched.lock);
  for (std::uint32_t i = 0; i <= n; i++) globrunqput(batch[i]);
  return true;
}

namespace {

// Takes runnext away from victim, unless its P runs it first.
g* grab_runnext(p* victim) noexcept {
  g* next = victim->runnext.load(std::memory_order_relaxed);
  if (next == nullptr) return nullptr;
  if (victim->status.load(std::memory_order_relaxed) == pstatus::running) sys::sleep_ns(runnext_grace_ns);
  // pairs with: runqput's exchange: the goroutine's context is seen
  return victim->runnext.compare_exchange_strong(next, nullptr, std::memory_order_acq_rel,
                                                 std::memory_order_relaxed)
             ? next
             : nullptr;
}

// Moves half of victim's ring to pp's ring from place `tail` on, without publishing it; how many.
std::uint32_t runqgrab(p* victim, p* pp, std::uint32_t tail) noexcept {
  for (;;) {
    // pairs with: other consumers' CAS(release), and runqput's runqtail store(release)
    std::uint32_t head = victim->runqhead.load(std::memory_order_acquire);
    const std::uint32_t end = victim->runqtail.load(std::memory_order_acquire);
    std::uint32_t n = end - head;
    n -= n / 2;
    if (n == 0) return 0;
    if (n > runq_capacity / 2) continue;  // head and tail were read at different times
    for (std::uint32_t i = 0; i < n; i++) {
      g* gp = victim->runq[(head + i) % runq_capacity].load(std::memory_order_relaxed);
      pp->runq[(tail + i) % runq_capacity].store(gp, std::memory_order_relaxed);
    }
    // Commits the read. pairs with: runqput's runqhead load(acquire): the places may be written again
    if (victim->runqhead.compare_exchange_strong(head, head + n, std::memory_order_acq_rel,
                                                 std::memory_order_relaxed)) {
      return n;
    }
  }
}

}  // namespace

bool runqempty(const p* pp) noexcept {
  // runqput moves the old runnext to the ring: between the two looks a goroutine could be in neither. So tail
  // is read twice and must not have moved (Go's runqempty).
  for (;;) {
    const std::uint32_t head = pp->runqhead.load(std::memory_order_seq_cst);
    const std::uint32_t tail = pp->runqtail.load(std::memory_order_seq_cst);
    const bool next = pp->runnext.load(std::memory_order_seq_cst) != nullptr;
    if (tail == pp->runqtail.load(std::memory_order_seq_cst)) return head == tail && !next;
  }
}

bool work_is_queued() noexcept {
  const int used = sched.fresh_p.load(std::memory_order_acquire);  // pairs with: pidleget's store(release)
  bool found = sched.runqsize.load(std::memory_order_seq_cst) != 0;
  for (int i = 0; i < used && !found; i++) found = !runqempty(&p_at(i));
  return found;
}

g* runqsteal(p* pp, p* victim, bool steal_runnext) noexcept {
  const std::uint32_t tail = pp->runqtail.load(std::memory_order_relaxed);
  std::uint32_t n = runqgrab(victim, pp, tail);
  if (n == 0) return steal_runnext ? grab_runnext(victim) : nullptr;
  n--;
  g* gp = pp->runq[(tail + n) % runq_capacity].load(std::memory_order_relaxed);
  if (n == 0) return gp;
  const std::uint32_t head = pp->runqhead.load(std::memory_order_acquire);  // pairs with: consumers' CAS
  ensure(tail - head + n < runq_capacity, "runqsteal: runq overflow");
  pp->runqtail.store(tail + n, std::memory_order_release);  // pairs with: runqgrab's load(acquire)
  return gp;
}

void globrunqput(g* gp) noexcept {
  sched.runq.push_back(gp);
  sched.runqsize.store(sched.runq.size, std::memory_order_seq_cst);  // wakep's StoreLoad pair
}

void put_global(g* gp) noexcept {
  lock_guard hold(sched.lock);
  globrunqput(gp);
}

g* globrunqget(p* pp, std::uint32_t max) noexcept {
  if (sched.runq.size == 0) return nullptr;
  std::uint32_t n = sched.runq.size / static_cast<std::uint32_t>(sched.gomaxprocs) + 1;
  n = std::min({n, sched.runq.size, runq_capacity / 2});
  if (max > 0) n = std::min(n, max);
  g* first = sched.runq.pop();
  // pp's ring has room: a P asks for more than one only when its ring is empty.
  for (std::uint32_t i = 1; i < n; i++) runqput(pp, sched.runq.pop(), false);
  // release: who sees the smaller number sees the ring too (work_is_queued).
  sched.runqsize.store(sched.runq.size, std::memory_order_release);
  return first;
}

void runq_to_global(p* pp) noexcept {
  for (;;) {
    g* gp = runqget(pp).gp;
    if (gp == nullptr) return;
    globrunqput(gp);
  }
}

}  // namespace rt0
