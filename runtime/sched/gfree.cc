// Source: Go 1.21 proc.go gfput, gfget, gfpurge. Differs: a G never loses its stack, so lists are by the
// stack's size class; and Go's collector frees stacks, where here their pages go back when they lay idle.
//
// Idle stacks are found by generations, which cost the spawn nothing: the global list of a class is four, by
// how long its goroutines have lain there, and who needs one takes from the youngest.
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

#include "runtime/base/fatal.h"
#include "runtime/base/tables.h"
#include "runtime/timer/timer.h"

namespace rt0 {
namespace {

constexpr std::int32_t local_limit = 64;  // at this many a P gives half away
constexpr std::int32_t batch = 32;
constexpr int returns_per_call = 8 * batch;  // about 0.3 ms of sysmon's time, more where many pages were used

enum age { young, old, stale, returned, ages };

struct class_lists {
  g* head[ages];
};

constinit mutex<lock_rank::gfree> global_lock;
RT0_TABLE constinit class_lists global[stack_classes] RT0_GUARDED_BY(global_lock){};
constinit std::int64_t period_began_ns RT0_GUARDED_BY(global_lock) = 0;  // 0: no period runs
// A hint for who does not hold the lock: 0 means that looking is not worth it.
constinit std::atomic<std::int64_t> global_count{0};

void push(g*& head, g* gp) noexcept {
  gp->schedlink = head;
  head = gp;
}

g* pop(g*& head) noexcept {
  g* gp = head;
  if (gp != nullptr) head = gp->schedlink;
  return gp;
}

g* pop_local(gfree_list& list, int size_class) noexcept {
  g* gp = pop(list.head[size_class]);
  if (gp != nullptr) list.n--;
  return gp;
}

g* pop_global(int size_class) noexcept RT0_REQUIRES(global_lock) {
  for (g*& head : global[size_class].head) {
    if (g* gp = pop(head)) return gp;
  }
  return nullptr;
}

void count_global(std::int64_t more) noexcept RT0_REQUIRES(global_lock) {
  const std::int64_t n = global_count.load(std::memory_order_relaxed);
  global_count.store(n + more, std::memory_order_relaxed);  // a hint: pairs with nothing
}

// Moves goroutines of any class to the global list until `from` holds at most `keep`.
void drain(gfree_list& from, std::int32_t keep) noexcept {
  lock_guard hold(global_lock);
  const std::int32_t before = from.n;
  for (int c = 0; c < stack_classes && from.n > keep; c++) {
    while (from.n > keep) {
      g* gp = pop_local(from, c);
      if (gp == nullptr) break;
      push(global[c].head[young], gp);
    }
  }
  count_global(before - from.n);
}

// One for the caller, and a batch for pp.
g* gfget_global(p* pp, int size_class) noexcept {
  lock_guard hold(global_lock);
  g* first = pop_global(size_class);
  if (first == nullptr) return nullptr;
  std::int32_t n = 1;
  for (; n < batch; n++) {
    g* gp = pop_global(size_class);
    if (gp == nullptr) break;
    push(pp->gfree.head[size_class], gp);
    pp->gfree.n++;
  }
  count_global(-n);
  return first;
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

// Up to a batch of stale goroutines of one class, linked, which nobody else sees until they are put back.
g* take_stale() noexcept {
  lock_guard hold(global_lock);
  g* taken = nullptr;
  for (class_lists& lists : global) {
    for (int n = 0; n < batch; n++) {
      g* gp = pop(lists.head[stale]);
      if (gp == nullptr) break;
      push(taken, gp);
    }
    if (taken != nullptr) break;
  }
  return taken;
}

void put_returned(g* list) noexcept {
  lock_guard hold(global_lock);
  while (g* gp = pop(list)) push(global[gp->slot.size_class].head[returned], gp);
}

}  // namespace

void gfput(p* pp, g* gp) noexcept {
  ensure(readgstatus(gp) == gstatus::dead, "gfput: bad status (not dead)");
  push(pp->gfree.head[gp->slot.size_class], gp);
  if (++pp->gfree.n >= local_limit) drain(pp->gfree, local_limit - batch);
}

g* gfget(p* pp, int size_class) noexcept {
  if (g* gp = pop_local(pp->gfree, size_class)) return gp;
  if (global_count.load(std::memory_order_relaxed) == 0) return nullptr;
  return gfget_global(pp, size_class);
}

void gfpurge(p* pp) noexcept { drain(pp->gfree, 0); }

bool gfree_return_idle_pages(std::int64_t now_ns) noexcept {
  turn_period(now_ns);
  for (int n = 0; n < returns_per_call; n += batch) {
    g* taken = take_stale();
    if (taken == nullptr) return false;
    for (g* gp = taken; gp != nullptr; gp = gp->schedlink) stack_return_pages(gp->stack.lo, gp->stack.hi);
    put_returned(taken);
  }
  return true;
}

std::int64_t gfree_return_due_ns() noexcept {
  lock_guard hold(global_lock);
  if (any(stale)) return 0;
  return any(young) || any(old) ? period_began_ns + gfree_idle_ns : no_timer;
}

}  // namespace rt0
