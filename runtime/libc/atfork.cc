// The list is never taken apart, so that it is walked without a lock: a function of it may register more, or
// park.
#include "runtime/libc/atfork.h"

#include <errno.h>
#include <pthread.h>

#include <atomic>

#include "runtime/base/export.h"
#include "runtime/lock/mutex.h"
#include "runtime/mem/heap.h"

namespace rt0::libc {

struct atfork {
  void (*prepare)();
  void (*parent)();
  void (*child)();
  const atfork* before;
  const atfork* after;  // valid of all but the last
};

namespace {

constinit mutex<lock_rank::atfork> list_lock;
constinit const atfork* first = nullptr;                // written under the lock, before `last`
constinit std::atomic<atfork*> last_registered{nullptr};  // written under the lock

void run(const atfork* last, void (*atfork::*fn)()) noexcept {
  if (last == nullptr) return;
  for (const atfork* a = first;; a = a->after) {
    if (a->*fn != nullptr) (a->*fn)();
    if (a == last) return;
  }
}

}  // namespace

const atfork* run_prepare() noexcept {
  // pairs with: pthread_atfork's store(release)
  const atfork* last = last_registered.load(std::memory_order_acquire);
  for (const atfork* a = last; a != nullptr; a = a->before) {
    if (a->prepare != nullptr) a->prepare();
  }
  return last;
}

void run_parent(const atfork* last) noexcept { run(last, &atfork::parent); }
void run_child(const atfork* last) noexcept { run(last, &atfork::child); }

}  // namespace rt0::libc

using namespace rt0;
using namespace rt0::libc;

RT0_EXPORT int pthread_atfork(void (*prepare)(), void (*parent)(), void (*child)()) {
  auto* a = static_cast<atfork*>(heap_alloc(sizeof(atfork)));
  if (a == nullptr) return ENOMEM;
  lock_guard hold(list_lock);
  atfork* before = last_registered.load(std::memory_order_relaxed);
  *a = {prepare, parent, child, before, nullptr};
  (before != nullptr ? before->after : first) = a;
  last_registered.store(a, std::memory_order_release);  // pairs with: run_prepare's load(acquire)
  return 0;
}
// glibc's other name of it, which objects built against its archives call.
RT0_EXPORT int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(), void*) {
  return pthread_atfork(prepare, parent, child);
}
