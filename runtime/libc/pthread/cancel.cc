// The state that a thread gives its cancellation. Nothing can cancel one: pthread_cancel is a link error, and
// so pthread_testcancel, a cancellation point, has nothing to act on. musl switches the state around its own
// calls.
#include <errno.h>
#include <pthread.h>

#include "runtime/base/export.h"
#include "runtime/libc/pthread/thread.h"

RT0_EXPORT int pthread_setcancelstate(int state, int* old) {
  if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE && state != 2)
    return EINVAL;  // 2: musl's masked
  rt0::thread_state& self = rt0::getg()->thread;
  if (old != nullptr) *old = self.cancel_state;
  self.cancel_state = state;
  return 0;
}

RT0_EXPORT int pthread_setcanceltype(int type, int* old) {
  if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS) return EINVAL;
  rt0::thread_state& self = rt0::getg()->thread;
  if (old != nullptr) *old = self.cancel_type;
  self.cancel_type = type;
  return 0;
}

RT0_EXPORT void pthread_testcancel() { return; }

// musl's members ask by these names.
RT0_EXPORT int __pthread_setcancelstate(int state, int* old) { return pthread_setcancelstate(state, old); }
RT0_EXPORT void __pthread_testcancel() { return; }
