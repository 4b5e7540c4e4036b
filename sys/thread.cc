#include "sys/thread.h"

#include <sched.h>
#include <signal.h>

#include "rt0/arch.h"

namespace rt0::sys {

ret<int> start_thread(void* stack_hi, void* fs, void* gs, std::int32_t* tid) noexcept {
  // The kernel clears the id by a shared futex, if asked; nobody waits for an M's end, so nobody asks.
  constexpr unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM |
                                  CLONE_THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID;
  return ret<int>::from_raw(rt0_clone(flags, stack_hi, tid, fs, gs));
}

ret<int> start_vfork(void* stack_hi, void (*fn)(void*), void* arg) noexcept {
  return ret<int>::from_raw(rt0_clone_vfork(CLONE_VM | CLONE_VFORK | SIGCHLD, stack_hi, fn, arg));
}

}  // namespace rt0::sys
