// The C names of signals, over the one table of their system calls. In the core, where the table is.
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "runtime/base/export.h"
#include "runtime/libc/pthread/cancel.h"
#include "runtime/libc/signal_call.h"
#include "runtime/sched/park.h"
#include "runtime/sched/signal.h"
#include "runtime/signal/action.h"
#include "runtime/signal/mask.h"
#include "runtime/signal/send.h"
#include "runtime/signal/wait.h"

namespace rt0::libc {
namespace {

constexpr long set_bytes = sizeof(sys::sigset);

int answer(long result) noexcept {
  if (result >= 0) return static_cast<int>(result);
  errno = static_cast<int>(-result);
  return -1;
}

int call(long nr, const syscall_args& x) noexcept {
  long result = -ENOSYS;
  (void)signal_call(nr, x, result);
  return answer(result);
}

template <class T>
long word(T* pointer) noexcept {
  return reinterpret_cast<long>(pointer);
}

// The kernel's set has 64 bits, the C library's more.
sys::sigset& bits(sigset_t& set) noexcept { return *reinterpret_cast<sys::sigset*>(&set); }
const sys::sigset& bits(const sigset_t& set) noexcept { return *reinterpret_cast<const sys::sigset*>(&set); }

// glibc's __jmp_buf_tag, whose names are musl's too.
static_assert(offsetof(__jmp_buf_tag, __saved_mask) == 72);

}  // namespace
}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT int __sigaction(int signal, const struct sigaction* wanted, struct sigaction* old) {
  rt0::signal_action to{}, was{};
  if (wanted != nullptr) {
    to = {reinterpret_cast<std::uintptr_t>(wanted->sa_handler), bits(wanted->sa_mask), wanted->sa_flags};
  }
  const int error = rt0::change_action(signal, wanted != nullptr ? &to : nullptr, &was);
  if (error != 0) return answer(-error);
  if (old != nullptr) {
    *old = {};
    old->sa_handler = reinterpret_cast<void (*)(int)>(was.handler);
    bits(old->sa_mask) = was.mask;
    old->sa_flags = was.flags;
  }
  return 0;
}

RT0_EXPORT int sigaction(int signal, const struct sigaction* wanted, struct sigaction* old) {
  return __sigaction(signal, wanted, old);
}

RT0_EXPORT int kill(pid_t pid, int signal) { return call(SYS_kill, {pid, signal, 0, 0, 0, 0}); }

RT0_EXPORT int sigqueue(pid_t pid, int signal, const sigval value) {
  siginfo_t info = rt0::own_info(signal, SI_QUEUE);
  info.si_value = value;
  return call(SYS_rt_sigqueueinfo, {pid, signal, word(&info), 0, 0, 0});
}

RT0_EXPORT int sigpending(sigset_t* set) {
  *set = {};
  bits(*set) = rt0::pending_signals();
  return 0;
}

RT0_EXPORT int sigtimedwait(const sigset_t* set, siginfo_t* info, const timespec* time) {
  return rt0::libc::cancellable(
      [&] {
        return call(SYS_rt_sigtimedwait, {word(set), word(info), word(time), set_bytes, 0, 0});
      },
      [](int result) { return result < 0 && errno == EINTR; });
}

RT0_EXPORT int sigwaitinfo(const sigset_t* set, siginfo_t* info) { return sigtimedwait(set, info, nullptr); }

// Never EINTR: a handler that ran is no end of it.
RT0_EXPORT int sigwait(const sigset_t* set, int* signal) {
  int taken;
  while ((taken = sigwaitinfo(set, nullptr)) < 0) {
  }
  *signal = taken;
  return 0;
}

RT0_EXPORT int signalfd(int fd, const sigset_t* set, int flags) {
  return call(SYS_signalfd4, {fd, word(set), set_bytes, flags, 0, 0});
}

// musl's sigsetjmp: it returns here both times, before the jump with 0.
RT0_EXPORT int __sigsetjmp_tail(__jmp_buf_tag* buffer, int jumped) {
  auto* saved = reinterpret_cast<rt0::sys::sigset*>(&buffer->__saved_mask);
  if (jumped != 0) {
    if (rt0::getm()->insig != 0) rt0::leave_signal_stack();
    (void)rt0::change_mask(rt0::sys::mask_how::set, saved, nullptr);
  } else {
    (void)rt0::change_mask(rt0::sys::mask_how::block, nullptr, saved);
  }
  return jumped;
}

// musl's members keep handlers of the program from running on a half-changed thread of theirs. Here they run
// on no such thing.
RT0_EXPORT void __block_all_sigs(void*) { return; }
RT0_EXPORT void __block_app_sigs(void*) { return; }
RT0_EXPORT void __restore_sigs(void*) { return; }
