// What mutexes promise beyond a type: robustness, which needs a kernel that sees the owner die, is refused;
// inheriting a priority is granted, since goroutines have none to inherit; a ceiling is refused.
#include <errno.h>
#include <pthread.h>

#include "runtime/base/export.h"
#include "runtime/libc/pthread/mutex.h"

using rt0::libc::inherit_bit;
using rt0::libc::rep;

RT0_EXPORT int pthread_mutexattr_setprotocol(pthread_mutexattr_t* attr, int protocol) {
  switch (protocol) {
    case PTHREAD_PRIO_NONE: rep(attr).kind &= ~inherit_bit; return 0;
    case PTHREAD_PRIO_INHERIT: rep(attr).kind |= inherit_bit; return 0;
    case PTHREAD_PRIO_PROTECT: return ENOTSUP;
  }
  return EINVAL;
}

RT0_EXPORT int pthread_mutexattr_getprotocol(const pthread_mutexattr_t* attr, int* protocol) {
  *protocol = (rep(attr).kind & inherit_bit) != 0 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE;
  return 0;
}

RT0_EXPORT int pthread_mutexattr_setrobust(pthread_mutexattr_t*, int robust) {
  if (robust != PTHREAD_MUTEX_STALLED && robust != PTHREAD_MUTEX_ROBUST) return EINVAL;
  return robust == PTHREAD_MUTEX_STALLED ? 0 : ENOTSUP;
}

RT0_EXPORT int pthread_mutexattr_getrobust(const pthread_mutexattr_t*, int* robust) {
  *robust = PTHREAD_MUTEX_STALLED;
  return 0;
}

RT0_EXPORT int pthread_mutexattr_setprioceiling(pthread_mutexattr_t*, int) { return ENOTSUP; }
RT0_EXPORT int pthread_mutexattr_getprioceiling(const pthread_mutexattr_t*, int*) { return ENOTSUP; }

// As glibc answers for a mutex that is not robust, or has no ceiling.
RT0_EXPORT int pthread_mutex_consistent(pthread_mutex_t*) { return EINVAL; }
RT0_EXPORT int pthread_mutex_setprioceiling(pthread_mutex_t*, int, int*) { return EINVAL; }
RT0_EXPORT int pthread_mutex_getprioceiling(const pthread_mutex_t*, int*) { return EINVAL; }
