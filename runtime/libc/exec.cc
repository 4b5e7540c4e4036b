// New programs: exec in this process, and the door by which posix_spawn (members/posix_spawn.cc) makes
// another.
//
// A mask that a new program inherits is the goroutine's; what the kernel thread has is the runtime's affair.
// Ignored signals are the process's, and the kernel hands them on.
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/libc/members/core_abi.h"
#include "runtime/sched/g.h"
#include "runtime/sched/signal_mask.h"
#include "runtime/sched/syscall.h"
#include "sys/passthrough.h"
#include "sys/thread.h"

namespace rt0::libc {
namespace {

constexpr std::size_t child_stack_bytes = 16 * 1024;  // a path is searched on it: two of PATH_MAX
constexpr sys::sigset all_signals = ~sys::sigset{0};

struct spawn_call {
  void (*child)(void*);
  void* arg;
  long result;
};

// On g0, which has the room. A handler that ran in the child would do so on the parent's memory.
void spawn_on_g0(void* arg) {
  auto& call = *static_cast<spawn_call*>(arg);
  alignas(16) std::byte stack[child_stack_bytes];
  (void)sys::sigprocmask(sys::mask_how::set, &all_signals, nullptr);
  const auto started = sys::start_vfork(stack + sizeof stack, call.child, call.arg);
  adopt_mask();
  call.result = started.ok() ? started.value() : -started.error();
}

}  // namespace
}  // namespace rt0::libc

using namespace rt0;
using namespace rt0::libc;

// The P is handed off: exec takes hundreds of microseconds.
RT0_EXPORT long rt0_spawn(void (*child)(void*), void* arg) {
  spawn_call call{child, arg, 0};
  const bool gave_p = entersyscallblock();
  rt0_systemstack(spawn_on_g0, &call);
  if (gave_p) exitsyscall();
  return call.result;
}

RT0_EXPORT long rt0_exec(long nr, long a, long b, long c, long d, long e) {
  const sys::sigset mask = getg()->signals.mask.load(std::memory_order_relaxed);
  const bool gave_p = entersyscall();  // from here on the goroutine stays on this M
  (void)sys::sigprocmask(sys::mask_how::set, &mask, nullptr);
  const long result = sys::passthrough(nr, a, b, c, d, e, 0);
  adopt_mask();  // not the one from before: more may have been taken over since
  if (gave_p) exitsyscall();
  return result;
}

RT0_EXPORT int execve(const char* path, char* const argv[], char* const envp[]) {
  const long failed = rt0_exec(SYS_execve, reinterpret_cast<long>(path), reinterpret_cast<long>(argv),
                               reinterpret_cast<long>(envp), 0, 0);
  errno = static_cast<int>(-failed);
  return -1;
}
