// pthread_attr_*: stack, guard, detach state; a running thread's, by pthread_getattr_np; and those of threads
// made without attributes. What few programs ask for lies in ../members/pthread_attr_*.cc.
//
// A guard is as the slot of a stack has it, five pages, whatever size was asked for: that is only remembered.
#include "runtime/libc/pthread/thread.h"

#include <errno.h>
#include <string.h>

#include "runtime/base/export.h"
#include "runtime/mem/heap.h"
#include "runtime/sched/proc.h"

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

RT0_EXPORT int pthread_attr_destroy(pthread_attr_t* attr) {
  rt0::heap_free(rep(attr).cpus);
  rep(attr).cpus = nullptr;
  return 0;
}

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
  rep(attr).detached = state == PTHREAD_CREATE_DETACHED;
  return 0;
}

RT0_EXPORT int pthread_attr_getdetachstate(const pthread_attr_t* attr, int* state) {
  *state = rep(attr).detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE;
  return 0;
}

RT0_EXPORT int pthread_attr_setstack(pthread_attr_t* attr, void* lo, size_t bytes) {
  if (bytes < min_stack_bytes) return EINVAL;
  rep(attr).stack_lo = reinterpret_cast<std::uintptr_t>(lo);
  rep(attr).stack_bytes = bytes;
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
  // With the G and its TLS block, as glibc counts, unless they lie elsewhere.
  const bool own = gp->stack.lo != gp->slot_stack.lo;
  rep(attr).stack_bytes = (own ? gp->stack.hi : gp->slot.base + gp->slot.bytes) - gp->stack.lo;
  rep(attr).detached = gp->thread.join.load(std::memory_order_relaxed) == detached;
  return 0;
}

// Of threads that are made without attributes: the stack's size, the rest is fixed.
RT0_EXPORT int pthread_getattr_default_np(pthread_attr_t* attr) {
  pthread_attr_init(attr);
  rep(attr).stack_bytes = default_stack_bytes();
  return 0;
}

RT0_EXPORT int pthread_setattr_default_np(const pthread_attr_t* attr) {
  if (rep(attr).stack_lo != 0) return EINVAL;
  const int size_class = rep(attr).stack_bytes != 0 ? rt0::stack_class_of(rep(attr).stack_bytes) : 0;
  if (size_class < 0) return EINVAL;
  if (size_class != 0) rt0::set_thread_stack_class(size_class);
  return 0;
}
