// Signal masks, and what musl wants done on every kernel thread.
#include <signal.h>

#include "runtime/base/export.h"
#include "runtime/sched/every_m.h"
#include "runtime/sched/signal_mask.h"

namespace {

using rt0::sys::mask_how;
static_assert(static_cast<int>(mask_how::block) == SIG_BLOCK &&
              static_cast<int>(mask_how::unblock) == SIG_UNBLOCK);
static_assert(static_cast<int>(mask_how::set) == SIG_SETMASK);

struct sync_call {
  void (*fn)(void*);
  void* context;
};

}  // namespace

// The process's mask, and so every goroutine's. The C library's set is longer than the kernel's 64 bits: its
// rest is cleared.
RT0_EXPORT int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) {
  rt0::sys::sigset before = 0;
  const auto changed =
      rt0::change_mask(static_cast<mask_how>(how), reinterpret_cast<const rt0::sys::sigset*>(set), &before);
  if (!changed.ok()) return changed.error();
  if (old != nullptr) {
    *old = {};
    *reinterpret_cast<rt0::sys::sigset*>(old) = before;
  }
  return 0;
}

// setuid and its family: the kernel changes one thread, POSIX means all. In turn, since musl's functions look
// at what the one before left in *context.
RT0_EXPORT void __synccall(void (*fn)(void*), void* context) {
  sync_call call{fn, context};
  const auto run = [](void* arg, void*) {
    const auto& c = *static_cast<const sync_call*>(arg);
    c.fn(c.context);
  };
  const rt0::sys::sigset held = rt0::hold_signals();
  {
    rt0::lock_guard hold(rt0::sched.births);
    rt0::on_every_m(run, &call, rt0::turns::one_by_one);
  }
  rt0::release_signals(held);
}
