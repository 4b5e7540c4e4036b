// pthread_attr_setstackaddr: an older form of pthread_attr_setstack, which names a stack by its end.
#include <pthread.h>

#include "runtime/base/export.h"
#include "runtime/libc/pthread/thread.h"

using rt0::libc::rep;

RT0_EXPORT int pthread_attr_setstackaddr(pthread_attr_t* attr, void* end) {
  std::size_t bytes = 0;
  pthread_attr_getstacksize(attr, &bytes);
  return pthread_attr_setstack(attr, static_cast<char*>(end) - bytes, bytes);
}

RT0_EXPORT int pthread_attr_getstackaddr(const pthread_attr_t* attr, void** end) {
  void* lo = nullptr;
  std::size_t bytes = 0;
  pthread_attr_getstack(attr, &lo, &bytes);
  *end = lo == nullptr ? nullptr : static_cast<char*>(lo) + bytes;
  return 0;
}
