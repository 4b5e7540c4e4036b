#include "runtime/libc/signal_call.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include "runtime/libc/clock.h"
#include "runtime/sched/park.h"
#include "runtime/sched/signal_mask.h"
#include "runtime/signal/action.h"
#include "runtime/signal/attend.h"
#include "runtime/signal/mask.h"
#include "runtime/signal/receiver.h"
#include "runtime/signal/send.h"
#include "runtime/signal/wait.h"
#include "sys/passthrough.h"
#include "sys/process.h"

namespace rt0::libc {
namespace {

struct kernel_sigaction {
  std::uintptr_t handler;
  unsigned long flags;
  std::uintptr_t restorer;
  sys::sigset mask;
};
constexpr unsigned long sa_restorer = 0x04000000;

bool is_set_size(long bytes) noexcept { return bytes == sizeof(sys::sigset); }
bool is_signal(long number) noexcept { return number >= 0 && number <= sys::signal_count; }
const sys::sigset& set_at(long word) noexcept { return *reinterpret_cast<const sys::sigset*>(word); }

long bare(long nr, const syscall_args& x) noexcept {
  return sys::passthrough(nr, x.a, x.b, x.c, x.d, x.e, x.f);
}

long action(const syscall_args& x) noexcept {
  if (!is_set_size(x.d)) return -EINVAL;
  signal_action wanted{}, old{};
  if (const auto* k = reinterpret_cast<const kernel_sigaction*>(x.b)) {
    wanted = {k->handler, k->mask, static_cast<int>(k->flags & ~sa_restorer)};
  }
  const int error = change_action(static_cast<int>(x.a), x.b != 0 ? &wanted : nullptr, &old);
  if (error != 0) return -error;
  if (auto* k = reinterpret_cast<kernel_sigaction*>(x.c)) {
    *k = {old.handler, static_cast<unsigned long>(old.flags), 0, old.mask};
  }
  return 0;
}

long mask(const syscall_args& x) noexcept {
  if (!is_set_size(x.d)) return -EINVAL;
  sys::sigset before = 0;
  const auto changed =
      change_mask(static_cast<sys::mask_how>(x.a), reinterpret_cast<const sys::sigset*>(x.b), &before);
  if (!changed.ok()) return -changed.error();
  if (x.c != 0) *reinterpret_cast<sys::sigset*>(x.c) = before;
  return 0;
}

long pending(const syscall_args& x) noexcept {
  if (x.b < 0 || x.b > static_cast<long>(sizeof(sys::sigset))) return -EINVAL;
  const sys::sigset now = pending_signals();
  copy_forward(reinterpret_cast<void*>(x.a), &now, static_cast<std::size_t>(x.b));
  return 0;
}

long timed_wait(const syscall_args& x) noexcept {
  if (!is_set_size(x.d)) return -EINVAL;
  std::int64_t deadline_ns = forever;
  if (const auto* time = reinterpret_cast<const timespec*>(x.c); time != nullptr) {
    if (!deadline_after(time, deadline_ns)) return -EINVAL;
  }
  siginfo_t info;
  const int signal = wait_for_signal(set_at(x.a), &info, deadline_ns);
  if (signal > 0 && x.b != 0) *reinterpret_cast<siginfo_t*>(x.b) = info;
  return signal;
}

long suspend(sys::sigset mask) noexcept {
  suspend_until_handler(mask);
  return -EINTR;
}

// The process itself. What the kernel has of it, it keeps to the default: that goes the kernel's way.
bool is_ours(int signal) noexcept {
  const sys::sigset bit = sys::sig_bit(signal);
  return ((sched.sigmask.load(std::memory_order_relaxed) | sched.handled.load(std::memory_order_relaxed)) &
          ~left_in_kernel() & bit) != 0;
}

long send_to_process(const siginfo_t& info) noexcept {
  const int error = send_signal(nullptr, info);
  attend();
  return -error;
}

long kill_process(const syscall_args& x) noexcept {
  const int pid = static_cast<int>(x.a), signal = static_cast<int>(x.b);
  if (pid == sys::getpid() && is_signal(signal) && signal != 0 && is_ours(signal)) {
    return send_to_process(own_info(signal, SI_USER));
  }
  const long result = bare(SYS_kill, x);
  // A group that we are in.
  if (pid <= 0 && result == 0 && signal != 0 && is_ours(signal)) {
    take_from_kernel(sys::sig_bit(signal));
    attend();
  }
  return result;
}

// A kernel thread's id names the goroutine that runs there: gettid() said so to it a moment ago. The
// process's own id is goroutine 1's.
g* goroutine_of(int tid) noexcept {
  if (tid == sys::gettid()) return getg();
  if (tid == sys::getpid()) return main_goroutine();
  for (m* mp = sched.allm.load(std::memory_order_acquire); mp != nullptr; mp = mp->alllink) {
    if (mp->procid == tid) return __atomic_load_n(&mp->curg, __ATOMIC_RELAXED);
  }
  return nullptr;
}

long send_to_thread(int tid, const siginfo_t& info) noexcept {
  g* gp = goroutine_of(tid);
  if (gp == nullptr) return -ESRCH;
  if (info.si_signo == 0) return 0;
  const int error = send_signal(gp, info);
  attend();
  return -error;
}

long kill_thread(long nr, const syscall_args& x) noexcept {
  const bool has_group = nr == SYS_tgkill;
  const int tid = static_cast<int>(has_group ? x.b : x.a), signal = static_cast<int>(has_group ? x.c : x.b);
  if (!is_signal(signal) || tid <= 0) return -EINVAL;
  if (has_group ? static_cast<int>(x.a) != sys::getpid() : goroutine_of(tid) == nullptr) return bare(nr, x);
  return send_to_thread(tid, own_info(signal, SI_TKILL));
}

long queue_info(long nr, const syscall_args& x) noexcept {
  const bool to_thread = nr == SYS_rt_tgsigqueueinfo;
  const int signal = static_cast<int>(to_thread ? x.c : x.b);
  if (static_cast<int>(x.a) != sys::getpid()) return bare(nr, x);
  if (!is_signal(signal)) return -EINVAL;
  siginfo_t info = *reinterpret_cast<const siginfo_t*>(to_thread ? x.d : x.c);
  info.si_signo = signal;
  if (to_thread) return send_to_thread(static_cast<int>(x.b), info);
  if (signal == 0 || !is_ours(signal)) return bare(nr, x);
  return send_to_process(info);
}

long signal_fd(long nr, const syscall_args& x) noexcept {
  if (!is_set_size(x.c)) return -EINVAL;
  take_over(set_at(x.b));
  leave_in_kernel(set_at(x.b) & ~never_blocked);
  return bare(nr, x);
}

long signal_stack(const syscall_args& x) noexcept {
  const int error = errno;
  const int failed = sigaltstack(reinterpret_cast<const stack_t*>(x.a), reinterpret_cast<stack_t*>(x.b));
  const long result = failed == 0 ? 0 : -errno;
  errno = error;
  return result;
}

}  // namespace

bool signal_call(long nr, const syscall_args& x, long& result) noexcept {
  switch (nr) {
    case SYS_rt_sigaction: result = action(x); return true;
    case SYS_rt_sigprocmask: result = mask(x); return true;
    case SYS_rt_sigpending: result = pending(x); return true;
    case SYS_rt_sigtimedwait: result = timed_wait(x); return true;
    case SYS_rt_sigsuspend: result = is_set_size(x.b) ? suspend(set_at(x.a)) : -EINVAL; return true;
    case SYS_pause: result = suspend(getg()->signals.mask.load(std::memory_order_relaxed)); return true;
    case SYS_sigaltstack: result = signal_stack(x); return true;
    case SYS_kill: result = kill_process(x); return true;
    case SYS_tkill:
    case SYS_tgkill: result = kill_thread(nr, x); return true;
    case SYS_rt_sigqueueinfo:
    case SYS_rt_tgsigqueueinfo: result = queue_info(nr, x); return true;
    case SYS_signalfd:
    case SYS_signalfd4: result = signal_fd(nr, x); return true;
  }
  return false;
}

}  // namespace rt0::libc
