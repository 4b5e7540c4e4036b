// pthread_rwlockattr_*: whom a lock prefers.
#include <errno.h>
#include <pthread.h>

#include "runtime/base/export.h"
#include "runtime/libc/pthread/rwlock.h"

using rt0::libc::rep;

RT0_EXPORT int pthread_rwlockattr_init(pthread_rwlockattr_t* attr) {
  rep(attr).kind = PTHREAD_RWLOCK_DEFAULT_NP;
  return 0;
}

RT0_EXPORT int pthread_rwlockattr_destroy(pthread_rwlockattr_t*) { return 0; }

RT0_EXPORT int pthread_rwlockattr_setkind_np(pthread_rwlockattr_t* attr, int kind) {
  if (kind < PTHREAD_RWLOCK_PREFER_READER_NP || kind > PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP)
    return EINVAL;
  rep(attr).kind = kind;
  return 0;
}

RT0_EXPORT int pthread_rwlockattr_getkind_np(const pthread_rwlockattr_t* attr, int* kind) {
  *kind = rep(attr).kind;
  return 0;
}
