#include "sys/thread.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "rt0/arch.h"

namespace rt0::sys {

ret<int> start_thread(void* stack_hi, void* fs, void* gs, std::int32_t* tid) noexcept {
  // The kernel clears the id by a shared futex, if asked; nobody waits for an M's end, so nobody asks.
  constexpr unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM |
                                  CLONE_THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID;
  return ret<int>::from_raw(rt0_clone(flags, stack_hi, tid, fs, gs));
}

ret<int> set_placement(std::int32_t tid, const thread_placement& p) noexcept {
  const auto cpus = reinterpret_cast<long>(p.cpus);
  const auto placed = ret<int>::from_raw(raw_syscall(SYS_sched_setaffinity, tid, sizeof p.cpus, cpus));
  if (!placed.ok()) return placed;
  const std::int32_t priority = p.priority;  // all that the kernel's sched_param is
  return ret<int>::from_raw(
      raw_syscall(SYS_sched_setscheduler, tid, p.policy, reinterpret_cast<long>(&priority)));
}

ret<int> get_placement(std::int32_t tid, thread_placement& p) noexcept {
  p = {};
  const auto bytes = ret<int>::from_raw(
      raw_syscall(SYS_sched_getaffinity, tid, sizeof p.cpus, reinterpret_cast<long>(p.cpus)));
  if (!bytes.ok()) return bytes;
  (void)raw_syscall(SYS_sched_getparam, tid, reinterpret_cast<long>(&p.priority));
  const auto policy = ret<int>::from_raw(raw_syscall(SYS_sched_getscheduler, tid));
  if (policy.ok()) p.policy = policy.value();
  return policy;
}

ret<int> start_vfork(void* stack_hi, void (*fn)(void*), void* arg) noexcept {
  return ret<int>::from_raw(rt0_clone_vfork(CLONE_VM | CLONE_VFORK | SIGCHLD, stack_hi, fn, arg));
}

}  // namespace rt0::sys
