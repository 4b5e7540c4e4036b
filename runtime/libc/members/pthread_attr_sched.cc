// pthread_attr_*: how a thread shall be scheduled. Checked and kept as glibc does.
#include <errno.h>
#include <pthread.h>

#include "runtime/base/export.h"
#include "runtime/libc/pthread/thread.h"

using rt0::libc::rep;

RT0_EXPORT int pthread_attr_setinheritsched(pthread_attr_t* attr, int inherit) {
  if (inherit != PTHREAD_INHERIT_SCHED && inherit != PTHREAD_EXPLICIT_SCHED) return EINVAL;
  rep(attr).explicit_sched = inherit == PTHREAD_EXPLICIT_SCHED;
  return 0;
}

RT0_EXPORT int pthread_attr_getinheritsched(const pthread_attr_t* attr, int* inherit) {
  *inherit = rep(attr).explicit_sched ? PTHREAD_EXPLICIT_SCHED : PTHREAD_INHERIT_SCHED;
  return 0;
}

RT0_EXPORT int pthread_attr_setschedpolicy(pthread_attr_t* attr, int policy) {
  if (policy != SCHED_OTHER && policy != SCHED_FIFO && policy != SCHED_RR) return EINVAL;
  rep(attr).policy = static_cast<std::uint8_t>(policy);
  return 0;
}

RT0_EXPORT int pthread_attr_getschedpolicy(const pthread_attr_t* attr, int* policy) {
  *policy = rep(attr).policy;
  return 0;
}

RT0_EXPORT int pthread_attr_setschedparam(pthread_attr_t* attr, const sched_param* param) {
  const int lowest = sched_get_priority_min(rep(attr).policy),
            highest = sched_get_priority_max(rep(attr).policy);
  if (param->sched_priority < lowest || param->sched_priority > highest) return EINVAL;
  rep(attr).priority = static_cast<std::uint8_t>(param->sched_priority);
  return 0;
}

RT0_EXPORT int pthread_attr_getschedparam(const pthread_attr_t* attr, sched_param* param) {
  param->sched_priority = rep(attr).priority;
  return 0;
}

RT0_EXPORT int pthread_attr_setscope(pthread_attr_t*, int scope) {
  if (scope == PTHREAD_SCOPE_SYSTEM) return 0;
  return scope == PTHREAD_SCOPE_PROCESS ? ENOTSUP : EINVAL;
}

RT0_EXPORT int pthread_attr_getscope(const pthread_attr_t*, int* scope) {
  *scope = PTHREAD_SCOPE_SYSTEM;
  return 0;
}
