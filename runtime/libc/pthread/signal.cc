// Signal masks, and what musl wants done on every kernel thread. With one M both are the kernel's own calls.
#include <signal.h>

#include "runtime/base/export.h"
#include "sys/signal.h"

namespace {

using rt0::sys::mask_how;
static_assert(static_cast<int>(mask_how::block) == SIG_BLOCK &&
              static_cast<int>(mask_how::unblock) == SIG_UNBLOCK);
static_assert(static_cast<int>(mask_how::set) == SIG_SETMASK);

}  // namespace

// The mask of the M, and so of every goroutine. The C library's set is longer than the kernel's 64 bits: its
// rest is cleared.
RT0_EXPORT int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) {
  const auto* wanted = reinterpret_cast<const rt0::sys::sigset*>(set);
  rt0::sys::sigset before = 0;
  const auto changed = rt0::sys::sigprocmask(static_cast<mask_how>(how), wanted, &before);
  if (!changed.ok()) return changed.error();
  if (old != nullptr) {
    *old = {};
    *reinterpret_cast<rt0::sys::sigset*>(old) = before;
  }
  return 0;
}

// setuid and its family: the kernel changes one thread, POSIX means all.
RT0_EXPORT void __synccall(void (*fn)(void*), void* context) { fn(context); }
