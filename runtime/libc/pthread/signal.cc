// Signal masks, and what musl wants done on every kernel thread. With one M both are the kernel's own calls.
#include <signal.h>

#include "runtime/base/export.h"
#include "sys/signal.h"

namespace {

using rt0::sys::mask_how;
static_assert(static_cast<int>(mask_how::block) == SIG_BLOCK &&
              static_cast<int>(mask_how::unblock) == SIG_UNBLOCK);
static_assert(static_cast<int>(mask_how::set) == SIG_SETMASK);

// SIGURG asks a goroutine to give way: a thread that could block it could keep everybody else from running.
// (glibc keeps its own two signals out of masks in the same way.)
constexpr rt0::sys::sigset never_blocked = rt0::sys::sig_bit(SIGURG);

}  // namespace

// The mask of the M, and so of every goroutine. The C library's set is longer than the kernel's 64 bits: its
// rest is cleared.
RT0_EXPORT int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) {
  rt0::sys::sigset before = 0, wanted = 0;
  if (set != nullptr) wanted = *reinterpret_cast<const rt0::sys::sigset*>(set);
  if (how != SIG_UNBLOCK) wanted &= ~never_blocked;
  const auto changed =
      rt0::sys::sigprocmask(static_cast<mask_how>(how), set != nullptr ? &wanted : nullptr, &before);
  if (!changed.ok()) return changed.error();
  if (old != nullptr) {
    *old = {};
    *reinterpret_cast<rt0::sys::sigset*>(old) = before;
  }
  return 0;
}

// setuid and its family: the kernel changes one thread, POSIX means all.
RT0_EXPORT void __synccall(void (*fn)(void*), void* context) { fn(context); }
