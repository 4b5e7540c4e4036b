// pthread_attr_*: stack size, guard size, detach state; and a running thread's, by pthread_getattr_np.
#include <errno.h>
#include <string.h>

#include "runtime/base/export.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/sched/proc.h"
#include "sys/mem.h"

namespace {

constexpr std::size_t min_stack_bytes = 16384;  // PTHREAD_STACK_MIN

std::size_t default_stack_bytes() { return std::size_t{1} << rt0::thread_stack_class(); }

}  // namespace

using namespace rt0::libc;

RT0_EXPORT int pthread_attr_init(pthread_attr_t* attr) {
  memset(static_cast<void*>(attr), 0, sizeof *attr);
  rep(attr).guard_bytes = rt0::stack_guard_bytes;
  return 0;
}

RT0_EXPORT int pthread_attr_destroy(pthread_attr_t*) { return 0; }  // nothing is allocated

RT0_EXPORT int pthread_attr_setstacksize(pthread_attr_t* attr, size_t bytes) {
  if (bytes < min_stack_bytes) return EINVAL;
  rep(attr).stack_bytes = bytes;
  return 0;
}

RT0_EXPORT int pthread_attr_getstacksize(const pthread_attr_t* attr, size_t* bytes) {
  *bytes = rep(attr).stack_bytes != 0 ? rep(attr).stack_bytes : default_stack_bytes();
  return 0;
}

RT0_EXPORT int pthread_attr_setguardsize(pthread_attr_t* attr, size_t bytes) {
  rep(attr).guard_bytes = bytes;
  return 0;
}

RT0_EXPORT int pthread_attr_getguardsize(const pthread_attr_t* attr, size_t* bytes) {
  *bytes = rep(attr).guard_bytes;
  return 0;
}

RT0_EXPORT int pthread_attr_setdetachstate(pthread_attr_t* attr, int state) {
  if (state != PTHREAD_CREATE_JOINABLE && state != PTHREAD_CREATE_DETACHED) return EINVAL;
  rep(attr).detach_state = state;
  return 0;
}

RT0_EXPORT int pthread_attr_getdetachstate(const pthread_attr_t* attr, int* state) {
  *state = rep(attr).detach_state;
  return 0;
}

RT0_EXPORT int pthread_attr_getstack(const pthread_attr_t* attr, void** lo, size_t* bytes) {
  *lo = reinterpret_cast<void*>(rep(attr).stack_lo);
  return pthread_attr_getstacksize(attr, bytes);
}

RT0_EXPORT int pthread_getattr_np(pthread_t thread, pthread_attr_t* attr) {
  const rt0::g* gp = thread_of(thread);
  pthread_attr_init(attr);
  rep(attr).stack_lo = gp->stack.lo;
  rep(attr).stack_bytes =
      gp->slot.base + gp->slot.bytes - gp->stack.lo;  // with the G and its TLS block, as glibc counts
  rep(attr).detach_state = gp->thread.join.load(std::memory_order_relaxed) == detached
                               ? PTHREAD_CREATE_DETACHED
                               : PTHREAD_CREATE_JOINABLE;
  return 0;
}
