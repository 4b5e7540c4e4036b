#include "runtime/timer/timer.h"

#include <new>

#include "runtime/base/fatal.h"

namespace rt0 {

bool timers::before(const timer& a, const timer& b) noexcept {
  return a.when_ns != b.when_ns ? a.when_ns < b.when_ns : a.order < b.order;
}

// Two roots become one: the later is made the leftmost child of the earlier.
timer* timers::meld(timer* a, timer* b) noexcept {
  if (a == nullptr) return b;
  if (b == nullptr) return a;
  if (before(*b, *a)) {
    timer* swap = a;
    a = b;
    b = swap;
  }
  b->previous = a;
  b->sibling = a->child;
  if (a->child != nullptr) a->child->previous = b;
  a->child = b;
  a->sibling = nullptr;
  a->previous = nullptr;
  return a;
}

// The two-pass rule: pairs from left to right, then all of them from right to left. Without recursion: the
// pairs are chained backwards through sibling.
timer* timers::meld_children(timer* first) noexcept {
  timer* pairs = nullptr;
  while (first != nullptr) {
    timer* a = first;
    timer* b = a->sibling;
    first = b != nullptr ? b->sibling : nullptr;
    a->sibling = nullptr;
    if (b != nullptr) b->sibling = nullptr;
    timer* pair = meld(a, b);
    pair->sibling = pairs;
    pairs = pair;
  }
  timer* root = nullptr;
  while (pairs != nullptr) {
    timer* next = pairs->sibling;
    pairs->sibling = nullptr;
    root = meld(root, pairs);
    pairs = next;
  }
  if (root != nullptr) root->previous = nullptr;
  return root;
}

timer* timers::first() const noexcept {
  timer* earliest = root_;
  for (const run_list& run : runs_) {
    if (run.head != nullptr && (earliest == nullptr || before(*run.head, *earliest))) earliest = run.head;
  }
  return earliest;
}

// The run at whose end t fits, the one with the latest end, so that the others are kept for earlier ones;
// else an empty one; else nullptr.
timers::run_list* timers::run_for(const timer& t) noexcept {
  run_list* best = nullptr;
  for (run_list& run : runs_) {
    const bool fits = run.tail == nullptr || run.tail->when_ns <= t.when_ns;
    if (!fits) continue;
    const bool better = best == nullptr || best->tail == nullptr ||
                        (run.tail != nullptr && run.tail->when_ns > best->tail->when_ns);
    if (better) best = &run;
  }
  return best;
}

void timers::first_changed(const timer* now_first) noexcept {
  // pairs with: next_when. Relaxed: whoever must not miss it has a fence between (runtime/sched/poller.h).
  before_end_ns_.store(now_first != nullptr ? no_timer - now_first->when_ns : 0, std::memory_order_relaxed);
}

void timers::link(timer& t) noexcept {
  t.order = added_++;
  t.child = t.sibling = t.previous = nullptr;
  t.heap.store(this, std::memory_order_relaxed);
  run_list* run = run_for(t);
  if (run == nullptr) {
    t.run = 0;
    root_ = meld(root_, &t);
    return;
  }
  t.run = static_cast<std::uint8_t>(run - runs_ + 1);
  t.previous = run->tail;
  (run->tail != nullptr ? run->tail->sibling : run->head) = &t;
  run->tail = &t;
}

void timers::unlink_from_run(timer& t) noexcept {
  run_list& run = runs_[t.run - 1];
  (t.previous != nullptr ? t.previous->sibling : run.head) = t.sibling;
  (t.sibling != nullptr ? t.sibling->previous : run.tail) = t.previous;
}

void timers::unlink_from_heap(timer& t) noexcept {
  timer* children = meld_children(t.child);
  if (&t == root_) {
    root_ = children;
    return;
  }
  if (t.previous->child == &t) {
    t.previous->child = t.sibling;
  } else {
    t.previous->sibling = t.sibling;
  }
  if (t.sibling != nullptr) t.sibling->previous = t.previous;
  root_ = meld(root_, children);
}

void timers::unlink(timer& t) noexcept {
  t.run != 0 ? unlink_from_run(t) : unlink_from_heap(t);
  t.child = t.sibling = t.previous = nullptr;
  // The last touch: a remove() that sees it without the lock may let the timer's memory go.
  t.heap.store(nullptr, std::memory_order_release);  // pairs with: remove's load(acquire)
}

bool timers::add(timer& t) noexcept {
  lock_guard hold(lock_);
  ensure(t.heap.load(std::memory_order_relaxed) == nullptr, "timers::add: timer is pending");
  const std::int64_t before_ns = next_when();  // exact under the lock
  link(t);
  if (t.when_ns >= before_ns) return false;
  first_changed(&t);
  return true;
}

bool timers::remove(timer& t) noexcept {
  for (;;) {
    timers* heap = t.heap.load(std::memory_order_acquire);  // pairs with: unlink's store(release)
    if (heap == nullptr) return false;
    lock_guard hold(heap->lock_);
    if (t.heap.load(std::memory_order_relaxed) != heap)
      continue;  // it fired, or moved, before we had the lock
    const bool maybe_first = t.when_ns == heap->next_when();
    heap->unlink(t);
    if (maybe_first) heap->first_changed(heap->first());
    return true;
  }
}

int timers::run(std::int64_t now_ns) noexcept {
  for (int fired = 0;; fired++) {
    lock_.lock();
    timer* t = first();
    if (t == nullptr || t->when_ns > now_ns) {
      lock_.unlock();
      return fired;
    }
    const auto fire = t->fire;
    const std::uint64_t tag = t->tag;
    unlink(*t);
    first_changed(first());
    lock_.unlock();
    fire(t, tag);
  }
}

void timers::move_to(timers& other) noexcept {
  for (;;) {
    lock_.lock();
    timer* t = first();
    if (t != nullptr) unlink(*t);
    first_changed(t == nullptr ? nullptr : first());
    lock_.unlock();
    if (t == nullptr) return;
    other.add(*t);
  }
}

void timers::forget_all() noexcept { new (this) timers; }

}  // namespace rt0
