// Source: Go 1.21 proc.go gfput, gfget, gfpurge. Differs: a G never loses its stack, so lists are by the
// stack's size class, and they move by batches, which are never walked: 10,000 dead goroutines are more than
// a cache holds. And Go's collector frees stacks, where here their pages go back when they lay idle.
//
// Idle stacks are found by generations, which cost the spawn nothing: the global list of a class is four
// lists of batches, by how long they have lain there, and who needs one takes from the youngest.
//
//   gfput --> young --a period passes--> old --another--> stale --pages given back--> returned
//
// A period moves whole lists. So what reaches `stale` was there for more than one period and at most two, and
// what is `returned` is advised once, however long it lies. The lists of Ps are bounded and stay as they are.
//
// Rejected: the low-water mark of one list, whose coldest part is its far end, a walk over cold memory under
// the lock; a time stamp per goroutine, which gfput would have to read from a clock.
#include "runtime/sched/gfree.h"

#include <atomic>

#include "runtime/base/debug_options.h"
#include "runtime/base/fatal.h"
#include "runtime/base/tables.h"
#include "runtime/sched/watch.h"
#include "runtime/timer/timer.h"

namespace rt0 {
namespace {

constexpr std::int32_t batch = 32;
constexpr int returns_per_call =
    8;  // batches: about 0.3 ms of sysmon's time, more where many pages were used

enum age { young, old, stale, returned, ages };

// Of batches: linked by batchlink, each linked by schedlink.
struct class_lists {
  g* head[ages];
};

constinit mutex<lock_rank::gfree> global_lock;
RT0_TABLE constinit class_lists global[stack_classes] RT0_GUARDED_BY(global_lock){};
constinit std::int64_t period_began_ns RT0_GUARDED_BY(global_lock) = 0;  // 0: no period runs
// A hint for who does not hold the lock: 0 means that looking is not worth it.
constinit std::atomic<std::int64_t> global_batches{0};

void push(g*& head, g* gp) noexcept {
  gp->schedlink = head;
  gp->ahead = head != nullptr ? head->schedlink : nullptr;
  head = gp;
}

void push_batch(g* first, age a) noexcept RT0_REQUIRES(global_lock) {
  g*& head = global[first->size_class].head[a];
  first->batchlink = head;
  head = first;
  // A hint: pairs with nothing.
  global_batches.store(global_batches.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

g* pop_batch(g*& head) noexcept RT0_REQUIRES(global_lock) {
  g* first = head;
  if (first == nullptr) return nullptr;
  head = first->batchlink;
  global_batches.store(global_batches.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  return first;
}

g* batch_from_global(int size_class) noexcept {
  if (global_batches.load(std::memory_order_relaxed) == 0) return nullptr;
  lock_guard hold(global_lock);
  for (g*& head : global[size_class].head) {
    if (g* first = pop_batch(head)) return first;
  }
  return nullptr;
}

void batch_to_global(g* first) noexcept {
  if (first == nullptr) return;
  lock_guard hold(global_lock);
  push_batch(first, young);
}

bool any(age a) noexcept RT0_REQUIRES(global_lock) {
  for (const class_lists& lists : global) {
    if (lists.head[a] != nullptr) return true;
  }
  return false;
}

// Ends the period if it is over and what the last one made stale is done.
void turn_period(std::int64_t now_ns) noexcept {
  lock_guard hold(global_lock);
  if (period_began_ns == 0) period_began_ns = now_ns;
  if (now_ns - period_began_ns < gfree_idle_ns || any(stale)) return;
  for (class_lists& lists : global) {
    lists.head[stale] = lists.head[old];
    lists.head[old] = lists.head[young];
    lists.head[young] = nullptr;
  }
  period_began_ns = now_ns;
}

// A stale batch of any class, which nobody else sees until it is put back.
g* take_stale() noexcept {
  lock_guard hold(global_lock);
  for (class_lists& lists : global) {
    if (g* first = pop_batch(lists.head[stale])) return first;
  }
  return nullptr;
}

void put_returned(g* first) noexcept {
  lock_guard hold(global_lock);
  push_batch(first, returned);
}

}  // namespace

void gfput(p* pp, g* gp) noexcept {
  ensure(readgstatus(gp) == gstatus::dead, "gfput: bad status (not dead)");
  gfree_list& list = pp->gfree[gp->size_class];
  if (list.n == batch) {
    batch_to_global(list.previous);
    list.previous = list.loaded;
    list.loaded = nullptr;
    list.n = 0;
  }
  push(list.loaded, gp);
  list.n++;
}

g* gfget(p* pp, int size_class) noexcept {
  gfree_list& list = pp->gfree[size_class];
  if (list.loaded == nullptr) {
    list.loaded = list.previous != nullptr ? list.previous : batch_from_global(size_class);
    if (list.loaded == nullptr) return nullptr;
    list.previous = nullptr;
    list.n = batch;
  }
  g* gp = list.loaded;
  list.loaded = gp->schedlink;
  list.n = list.loaded != nullptr ? list.n - 1 : 0;  // a purged batch may have fewer
  prefetch(gp->ahead);
  return gp;
}

void gfpurge(p* pp) noexcept {
  for (gfree_list& list : pp->gfree) {
    batch_to_global(list.loaded);
    batch_to_global(list.previous);
    list = {};
  }
}

bool gfree_return_idle_pages(std::int64_t now_ns) noexcept {
  turn_period(now_ns);
  for (int n = 0; n < returns_per_call; n++) {
    g* first = take_stale();
    if (first == nullptr) return false;
    for (g* gp = first; gp != nullptr; gp = gp->schedlink) {
      stack_return_pages(gp->stack.lo, gp->stack.hi);
      if (debug.check != 0) mark_stack(gp->stack);
    }
    put_returned(first);
  }
  return true;
}

std::int64_t gfree_return_due_ns() noexcept {
  lock_guard hold(global_lock);
  if (any(stale)) return 0;
  return any(young) || any(old) ? period_began_ns + gfree_idle_ns : no_timer;
}

void gfree_lock() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { global_lock.lock(); }
void gfree_unlock() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { global_lock.unlock(); }

}  // namespace rt0
