// What C's pthread_cleanup_push and pop call, where they are not compiled into destructors (C++,
// -fexceptions): handlers are a list, innermost first, through buffers in their frames. pthread_exit.cc runs
// them.
#include <pthread.h>

#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/libc/members/cleanup_buffer.h"
#include "runtime/sched/g.h"

using rt0::getg;
using rt0::libc::insides;

RT0_EXPORT void __pthread_register_cancel(__pthread_unwind_buf_t* buffer) {
  insides(buffer).outer() = getg()->thread.cleanups;
  getg()->thread.cleanups = buffer;
}

RT0_EXPORT void __pthread_unregister_cancel(__pthread_unwind_buf_t* buffer) {
  getg()->thread.cleanups = insides(buffer).outer();
}

// pthread_cleanup_push_defer_np and pop_restore_np.
RT0_EXPORT void __pthread_register_cancel_defer(__pthread_unwind_buf_t* buffer) {
  __pthread_register_cancel(buffer);
  int before = 0;
  pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &before);
  insides(buffer).type_before() = reinterpret_cast<void*>(static_cast<std::intptr_t>(before));
}

RT0_EXPORT void __pthread_unregister_cancel_restore(__pthread_unwind_buf_t* buffer) {
  __pthread_unregister_cancel(buffer);
  const auto before = static_cast<int>(reinterpret_cast<std::intptr_t>(insides(buffer).type_before()));
  pthread_setcanceltype(before, nullptr);
}
