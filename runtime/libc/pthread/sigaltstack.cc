// sigaltstack: remembered per goroutine, never the kernel's. Handlers run on the signal stack of their M,
// which is larger than what programs give; a stack of the program's that the kernel knew would be an M's, and
// after the goroutine moved, two Ms could stand on it. doctest, for one, calls it around every test run.
#include <errno.h>
#include <signal.h>

#include "runtime/base/export.h"
#include "runtime/sched/g.h"

namespace {

constexpr int autodisarm = 1 << 31;  // SS_AUTODISARM
constexpr std::size_t min_bytes = 2048;  // Linux's MINSIGSTKSZ: glibc's of that name may be a call of sysconf

int flags_of(const rt0::thread_state& t) {
  return t.altstack_bytes == 0 ? SS_DISABLE | (t.altstack_flags & autodisarm) : t.altstack_flags;
}

int refuse(int error) {
  errno = error;
  return -1;
}

}  // namespace

// Checks as Linux does (kernel/signal.c, do_sigaltstack). Differs: no EPERM in a handler, which never runs on
// it.
RT0_EXPORT int sigaltstack(const stack_t* wanted, stack_t* old) {
  rt0::thread_state& t = rt0::getg()->thread;
  const stack_t before{reinterpret_cast<void*>(t.altstack_lo), flags_of(t), t.altstack_bytes};
  if (wanted != nullptr) {
    const int mode = wanted->ss_flags & ~autodisarm;
    if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE) return refuse(EINVAL);
    if (mode != SS_DISABLE && wanted->ss_size < min_bytes) return refuse(ENOMEM);
    t.altstack_lo = mode == SS_DISABLE ? 0 : reinterpret_cast<std::uintptr_t>(wanted->ss_sp);
    t.altstack_bytes = mode == SS_DISABLE ? 0 : wanted->ss_size;
    t.altstack_flags = wanted->ss_flags & autodisarm;
  }
  if (old != nullptr) *old = before;
  return 0;
}
