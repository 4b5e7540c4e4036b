// pthread_*attr_{set,get}pshared: the objects live in one process, whose goroutines the kernel does not know.
// Sharing with another is refused (ENOTSUP), never granted and broken.
#include <errno.h>
#include <pthread.h>

#include "runtime/base/export.h"

namespace {

int set(int shared) {
  if (shared != PTHREAD_PROCESS_PRIVATE && shared != PTHREAD_PROCESS_SHARED) return EINVAL;
  return shared == PTHREAD_PROCESS_PRIVATE ? 0 : ENOTSUP;
}

int get(int* shared) {
  *shared = PTHREAD_PROCESS_PRIVATE;
  return 0;
}

}  // namespace

RT0_EXPORT int pthread_mutexattr_setpshared(pthread_mutexattr_t*, int shared) { return set(shared); }
RT0_EXPORT int pthread_mutexattr_getpshared(const pthread_mutexattr_t*, int* shared) { return get(shared); }
RT0_EXPORT int pthread_condattr_setpshared(pthread_condattr_t*, int shared) { return set(shared); }
RT0_EXPORT int pthread_condattr_getpshared(const pthread_condattr_t*, int* shared) { return get(shared); }
RT0_EXPORT int pthread_rwlockattr_setpshared(pthread_rwlockattr_t*, int shared) { return set(shared); }
RT0_EXPORT int pthread_rwlockattr_getpshared(const pthread_rwlockattr_t*, int* shared) { return get(shared); }
RT0_EXPORT int pthread_barrierattr_setpshared(pthread_barrierattr_t*, int shared) { return set(shared); }
RT0_EXPORT int pthread_barrierattr_getpshared(const pthread_barrierattr_t*, int* shared) {
  return get(shared);
}
