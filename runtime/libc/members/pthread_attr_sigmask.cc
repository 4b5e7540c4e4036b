// pthread_attr_setsigmask_np: the mask that a thread begins with.
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "runtime/base/export.h"
#include "runtime/libc/pthread/thread.h"

using rt0::libc::rep;

RT0_EXPORT int pthread_attr_setsigmask_np(pthread_attr_t* attr, const sigset_t* mask) {
  rep(attr).has_sigmask = mask != nullptr;
  if (mask != nullptr) memcpy(&rep(attr).sigmask, mask, sizeof rep(attr).sigmask);
  return 0;
}

RT0_EXPORT int pthread_attr_getsigmask_np(const pthread_attr_t* attr, sigset_t* mask) {
  if (!rep(attr).has_sigmask) return PTHREAD_ATTR_NO_SIGMASK_NP;
  memset(mask, 0, sizeof *mask);
  memcpy(mask, &rep(attr).sigmask, sizeof rep(attr).sigmask);
  return 0;
}
