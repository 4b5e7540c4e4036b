// CPUs, policies and priorities of threads: pthread_setaffinity_np, pthread_setschedparam, and the sched_*
// functions, which name a thread by a kernel's number. A thread that is given a place of its own gets a
// kernel thread of its own (runtime/sched/placement.h), and so do the threads that it makes, which inherit
// it.
//
// Numbers: 0 and the caller's own gettid are the calling thread, the process's is its first thread. Any other
// is passed to the kernel: another process's, or an M's, whoever runs there.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>

#include <algorithm>

#include "runtime/base/export.h"
#include "runtime/libc/pthread/affinity.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/sched/placement.h"
#include "sys/passthrough.h"
#include "sys/process.h"

namespace rt0::libc {
namespace {

using sys::thread_placement;

g* living(pthread_t thread) noexcept {
  g* gp = thread_of(thread);
  return readgstatus(gp) == gstatus::dead ? nullptr : gp;
}

// nullptr: the kernel's.
g* numbered(long number) noexcept {
  if (number == 0 || number == sys::gettid()) return getg();
  return number == sys::getpid() ? allg_at(0) : nullptr;
}

bool has_priority(int policy) noexcept { return policy == SCHED_FIFO || policy == SCHED_RR; }

int result_of(long raw) noexcept {
  if (raw >= 0) return static_cast<int>(raw);
  errno = static_cast<int>(-raw);
  return -1;
}

}  // namespace

bool scheduling_call(long nr, const syscall_args& x, long& result) noexcept {
  const bool is_one = (nr >= SYS_sched_setparam && nr <= SYS_sched_getscheduler) ||
                      nr == SYS_sched_setaffinity || nr == SYS_sched_getaffinity;
  g* gp = is_one ? numbered(x.a) : nullptr;
  if (gp == nullptr) return false;
  thread_placement place;
  switch (nr) {
    case SYS_sched_setaffinity:
      result = -set_cpus(gp, reinterpret_cast<const void*>(x.c), static_cast<std::size_t>(x.b));
      return true;
    case SYS_sched_getaffinity: {
      get_place(gp, place);
      const auto room = static_cast<std::size_t>(x.b);
      if (room % sizeof(long) != 0 || room == 0) return false;  // the kernel says what it thinks of that
      const std::size_t bytes = std::min(room, sizeof place.cpus);
      copy_forward(reinterpret_cast<void*>(x.c), place.cpus, bytes);
      result = static_cast<long>(bytes);
      return true;
    }
    case SYS_sched_setscheduler:
      result = -set_policy(gp, static_cast<int>(x.b), *reinterpret_cast<const int*>(x.c));
      return true;
    case SYS_sched_getscheduler:
      get_place(gp, place);
      result = place.policy;
      return true;
    case SYS_sched_setparam:
      get_place(gp, place);
      result = -set_policy(gp, place.policy, *reinterpret_cast<const int*>(x.b));
      return true;
    case SYS_sched_getparam:
      get_place(gp, place);
      *reinterpret_cast<int*>(x.b) = place.priority;
      result = 0;
      return true;
  }
  return false;
}

}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT int pthread_setaffinity_np(pthread_t thread, size_t bytes, const cpu_set_t* cpus) {
  rt0::g* gp = living(thread);
  return gp == nullptr ? ESRCH : rt0::set_cpus(gp, cpus, bytes);
}

RT0_EXPORT int pthread_getaffinity_np(pthread_t thread, size_t bytes, cpu_set_t* cpus) {
  const rt0::g* gp = living(thread);
  if (gp == nullptr) return ESRCH;
  rt0::sys::thread_placement place;
  rt0::get_place(gp, place);
  memset(cpus, 0, bytes);
  memcpy(cpus, place.cpus, std::min(bytes, sizeof place.cpus));
  return 0;
}

RT0_EXPORT int pthread_setschedparam(pthread_t thread, int policy, const sched_param* param) {
  rt0::g* gp = living(thread);
  return gp == nullptr ? ESRCH : rt0::set_policy(gp, policy, param->sched_priority);
}

RT0_EXPORT int pthread_getschedparam(pthread_t thread, int* policy, sched_param* param) {
  const rt0::g* gp = living(thread);
  if (gp == nullptr) return ESRCH;
  rt0::sys::thread_placement place;
  rt0::get_place(gp, place);
  *policy = place.policy;
  param->sched_priority = place.priority;
  return 0;
}

RT0_EXPORT int pthread_setschedprio(pthread_t thread, int priority) {
  int policy = 0;
  sched_param param{};
  const int error = pthread_getschedparam(thread, &policy, &param);
  if (error != 0) return error;
  if (!has_priority(policy) && priority != 0) return EINVAL;
  param.sched_priority = priority;
  return pthread_setschedparam(thread, policy, &param);
}

namespace {

int call(long nr, const rt0::syscall_args& x) noexcept {
  long result = 0;
  if (!scheduling_call(nr, x, result)) result = rt0::sys::passthrough(nr, x.a, x.b, x.c, x.d, x.e, x.f);
  return result_of(result);
}

template <class T>
long word(T* p) noexcept {
  return reinterpret_cast<long>(p);
}

}  // namespace

RT0_EXPORT int sched_setaffinity(pid_t thread, size_t bytes, const cpu_set_t* cpus) noexcept {
  return call(SYS_sched_setaffinity, {thread, static_cast<long>(bytes), word(cpus), 0, 0, 0});
}

RT0_EXPORT int sched_getaffinity(pid_t thread, size_t bytes, cpu_set_t* cpus) noexcept {
  const int written = call(SYS_sched_getaffinity, {thread, static_cast<long>(bytes), word(cpus), 0, 0, 0});
  if (written < 0) return -1;
  const auto used = static_cast<std::size_t>(written);
  memset(reinterpret_cast<char*>(cpus) + used, 0, bytes - used);
  return 0;
}

RT0_EXPORT int sched_setscheduler(pid_t thread, int policy, const sched_param* param) noexcept {
  return call(SYS_sched_setscheduler, {thread, policy, word(param), 0, 0, 0});
}

RT0_EXPORT int sched_getscheduler(pid_t thread) noexcept {
  return call(SYS_sched_getscheduler, {thread, 0, 0, 0, 0, 0});
}

RT0_EXPORT int sched_setparam(pid_t thread, const sched_param* param) noexcept {
  return call(SYS_sched_setparam, {thread, word(param), 0, 0, 0, 0});
}

RT0_EXPORT int sched_getparam(pid_t thread, sched_param* param) noexcept {
  return call(SYS_sched_getparam, {thread, word(param), 0, 0, 0, 0});
}
