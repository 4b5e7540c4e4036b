// A thread's signals, and what musl wants done on every kernel thread.
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "runtime/base/export.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/sched/every_m.h"
#include "runtime/signal/attend.h"
#include "runtime/signal/mask.h"
#include "runtime/signal/send.h"

namespace {

using rt0::sys::mask_how;
static_assert(static_cast<int>(mask_how::block) == SIG_BLOCK &&
              static_cast<int>(mask_how::unblock) == SIG_UNBLOCK);
static_assert(static_cast<int>(mask_how::set) == SIG_SETMASK);

struct sync_call {
  void (*fn)(void*);
  void* context;
};

// Returns an error number; has delivered the signal if the thread is the running one.
int send(pthread_t thread, const siginfo_t& info) noexcept {
  if (info.si_signo < 0 || info.si_signo > rt0::sys::signal_count) return EINVAL;
  rt0::g* gp = rt0::libc::thread_of(thread);
  if (info.si_signo == 0) return rt0::readgstatus(gp) == rt0::gstatus::dead ? ESRCH : 0;
  const int error = rt0::send_signal(gp, info);
  rt0::attend();
  return error;
}

}  // namespace

// The C library's set is longer than the kernel's 64 bits: its rest is cleared.
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

RT0_EXPORT int pthread_kill(pthread_t thread, int signal) {
  return send(thread, rt0::own_info(signal, SI_TKILL));
}

RT0_EXPORT int pthread_sigqueue(pthread_t thread, int signal, const sigval value) {
  siginfo_t info = rt0::own_info(signal, SI_QUEUE);
  info.si_value = value;
  return send(thread, info);
}

RT0_EXPORT int raise(int signal) {
  const int error = pthread_kill(pthread_self(), signal);
  if (error != 0) errno = error;
  return error == 0 ? 0 : -1;
}

// setuid and its family: the kernel changes one thread, POSIX means all. In turn, since musl's functions look
// at what the one before left in *context.
RT0_EXPORT void __synccall(void (*fn)(void*), void* context) {
  sync_call call{fn, context};
  const auto run = [](void* arg, void*) {
    const auto& c = *static_cast<const sync_call*>(arg);
    c.fn(c.context);
  };
  rt0::lock_guard hold(rt0::sched.births);
  rt0::on_every_m(run, &call, rt0::turns::one_by_one);
}
