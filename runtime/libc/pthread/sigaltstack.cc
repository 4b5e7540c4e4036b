// sigaltstack: the goroutine's, never the kernel's, whose signal stacks are Ms' (their kernel handlers run
// there, runtime/sched/signal.h). A handler with SA_ONSTACK is called on it (runtime/signal/attend.cc).
// doctest, for one, sets it around every test run.
#include <errno.h>
#include <signal.h>

#include "runtime/base/export.h"
#include "runtime/sched/g.h"

namespace {

constexpr int autodisarm = 1 << 31;      // SS_AUTODISARM
constexpr std::size_t min_bytes = 2048;  // Linux's MINSIGSTKSZ: glibc's of that name may be a call of sysconf

// A handler of the program runs there now, or other code of its that went there by itself.
bool is_in_use(const rt0::thread_state& t) {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  return here - t.altstack_lo < t.altstack_bytes;
}

int flags_of(const rt0::thread_state& t) {
  if (t.altstack_bytes == 0) return SS_DISABLE | (t.altstack_flags & autodisarm);
  return is_in_use(t) ? t.altstack_flags | SS_ONSTACK : t.altstack_flags;
}

int refuse(int error) {
  errno = error;
  return -1;
}

}  // namespace

// Checks as Linux does (kernel/signal.c, do_sigaltstack).
RT0_EXPORT int sigaltstack(const stack_t* wanted, stack_t* old) {
  rt0::thread_state& t = rt0::getg()->thread;
  const stack_t before{reinterpret_cast<void*>(t.altstack_lo), flags_of(t), t.altstack_bytes};
  if (wanted != nullptr) {
    const int mode = wanted->ss_flags & ~autodisarm;
    if (is_in_use(t)) return refuse(EPERM);
    if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE) return refuse(EINVAL);
    if (mode != SS_DISABLE && wanted->ss_size < min_bytes) return refuse(ENOMEM);
    t.altstack_lo = mode == SS_DISABLE ? 0 : reinterpret_cast<std::uintptr_t>(wanted->ss_sp);
    t.altstack_bytes = mode == SS_DISABLE ? 0 : wanted->ss_size;
    t.altstack_flags = wanted->ss_flags & autodisarm;
  }
  if (old != nullptr) *old = before;
  return 0;
}
