// Source: Go 1.21 proc.go gfput, gfget. Differs: a G never loses its stack, so lists are by the stack's size
// class.
#include "runtime/sched/gfree.h"

#include "runtime/base/fatal.h"

namespace rt0 {
namespace {

constexpr std::int32_t local_limit = 64;  // at this many a P gives half away
constexpr std::int32_t batch = 32;

constinit mutex<lock_rank::gfree> global_lock;
constinit gfree_list global RT0_GUARDED_BY(global_lock){};

void push(gfree_list& list, g* gp) {
  g*& head = list.head[gp->slot.size_class];
  gp->schedlink = head;
  head = gp;
  list.n++;
}

g* pop(gfree_list& list, int size_class) {
  g* gp = list.head[size_class];
  if (gp == nullptr) return nullptr;
  list.head[size_class] = gp->schedlink;
  list.n--;
  return gp;
}

// Moves goroutines of any class until `from` holds at most `keep`.
void drain(gfree_list& from, gfree_list& to, std::int32_t keep) {
  for (int c = 0; c < stack_classes && from.n > keep; c++) {
    while (from.n > keep) {
      g* gp = pop(from, c);
      if (gp == nullptr) break;
      push(to, gp);
    }
  }
}

}  // namespace

void gfput(p* pp, g* gp) noexcept {
  ensure(readgstatus(gp) == gstatus::dead, "gfput: bad status (not dead)");
  push(pp->gfree, gp);
  if (pp->gfree.n < local_limit) return;
  lock_guard hold(global_lock);
  drain(pp->gfree, global, local_limit - batch);
}

void gfpurge(p* pp) noexcept {
  lock_guard hold(global_lock);
  drain(pp->gfree, global, 0);
}

g* gfget(p* pp, int size_class) noexcept {
  if (g* gp = pop(pp->gfree, size_class)) return gp;
  lock_guard hold(global_lock);
  for (std::int32_t i = 1; i < batch; i++) {
    g* gp = pop(global, size_class);
    if (gp == nullptr) break;
    push(pp->gfree, gp);
  }
  if (g* gp = pop(global, size_class)) return gp;
  return pop(pp->gfree, size_class);
}

}  // namespace rt0
