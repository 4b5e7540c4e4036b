// pthread_spin_*. Who holds the lock may wait for a P as well as anybody else, so a spinner gives its own
// away soon.
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include <atomic>

#include "rt0/arch.h"
#include "runtime/base/export.h"

namespace {

constexpr int spins =
    100;  // pauses: a few microseconds, which a critical section under a spin lock is short of

std::atomic_ref<int> word(pthread_spinlock_t* lock) { return std::atomic_ref<int>(*const_cast<int*>(lock)); }

}  // namespace

RT0_EXPORT int pthread_spin_init(pthread_spinlock_t* lock, int shared) noexcept {
  if (shared != PTHREAD_PROCESS_PRIVATE && shared != PTHREAD_PROCESS_SHARED) return EINVAL;
  if (shared == PTHREAD_PROCESS_SHARED) return ENOTSUP;
  word(lock).store(0, std::memory_order_relaxed);
  return 0;
}

RT0_EXPORT int pthread_spin_destroy(pthread_spinlock_t*) noexcept { return 0; }

RT0_EXPORT int pthread_spin_trylock(pthread_spinlock_t* lock) noexcept {
  return word(lock).exchange(1, std::memory_order_acquire) == 0 ? 0
                                                                : EBUSY;  // pairs with: pthread_spin_unlock
}

RT0_EXPORT int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
  while (pthread_spin_trylock(lock) != 0) {
    for (int n = 0; word(lock).load(std::memory_order_relaxed) != 0; n++) {
      n < spins ? rt0::procyield() : (void)sched_yield();
    }
  }
  return 0;
}

RT0_EXPORT int pthread_spin_unlock(pthread_spinlock_t* lock) noexcept {
  word(lock).store(0, std::memory_order_release);  // pairs with: pthread_spin_trylock
  return 0;
}
