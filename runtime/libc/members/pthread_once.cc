// pthread_once: std::call_once throws through it, so this one member is compiled with exceptions.
//
//   0 -> running        first come
//   running -> contended   somebody waits
//   running -> done, or back to 0 if the function throws; contended likewise, and wakes everybody
#include <limits.h>
#include <pthread.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/core_abi.h"

namespace {

constexpr int fresh = 0, running = 1, done = 2, contended = 3;

// Leaves the once in a final state, also when the function throws.
class run_guard {
 public:
  explicit run_guard(pthread_once_t* once) : once_(once) {}
  ~run_guard() {
    // pairs with: pthread_once load(acquire)
    if (__atomic_exchange_n(once_, state_, __ATOMIC_RELEASE) == contended) rt0_wake(once_, INT_MAX);
  }
  void succeeded() { state_ = done; }

 private:
  pthread_once_t* once_;
  int state_ = fresh;
};

}  // namespace

RT0_EXPORT int pthread_once(pthread_once_t* once, void (*fn)()) {
  for (;;) {
    int state = __atomic_load_n(once, __ATOMIC_ACQUIRE);  // pairs with: ~run_guard
    if (state == done) return 0;
    if (state == fresh) {
      if (!__atomic_compare_exchange_n(once, &state, running, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        continue;
      run_guard guard(once);
      fn();
      guard.succeeded();
      return 0;
    }
    if (state == running &&
        !__atomic_compare_exchange_n(once, &state, contended, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      continue;
    }
    rt0_wait_once(once, contended);
  }
}
