#include "sys/signal.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include <initializer_list>

#include "rt0/arch.h"

namespace rt0::sys {
namespace {

struct kernel_sigaction {
  std::uintptr_t handler;
  unsigned long flags;
  std::uintptr_t restorer;
  sigset mask;
};

constexpr unsigned long sa_restorer = 0x04000000;  // the kernel's; C libraries keep it to themselves

static_assert(fault_signals == (sig_bit(SIGSEGV) | sig_bit(SIGBUS) | sig_bit(SIGFPE) | sig_bit(SIGILL) |
                                sig_bit(SIGTRAP) | sig_bit(SIGSYS)));

// SA_NODEFER: or the signal itself would be blocked, a fault's as well. The others are in the mask.
kernel_sigaction runtimes_own(void (*handler)(int, void*, void*), void (*restorer)()) noexcept {
  return {reinterpret_cast<std::uintptr_t>(handler),
          SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | sa_restorer,
          reinterpret_cast<std::uintptr_t>(restorer), ~fault_signals};
}

disposition as_disposition(const kernel_sigaction& a) noexcept {
  return {a.handler, static_cast<int>(a.flags & ~sa_restorer)};
}

}  // namespace

ret<int> sigprocmask(mask_how how, const sigset* set, sigset* old) noexcept {
  return ret<int>::from_raw(raw_syscall(SYS_rt_sigprocmask, static_cast<long>(how),
                                        reinterpret_cast<long>(set), reinterpret_cast<long>(old),
                                        sizeof(sigset)));
}

bool is_readable(std::uintptr_t address) noexcept {
  constexpr long no_such_way = -1;
  return raw_syscall(SYS_rt_sigprocmask, no_such_way, static_cast<long>(address), 0, sizeof(sigset)) !=
         -EFAULT;
}

sigset pending_signals() noexcept {
  sigset waiting = 0;
  raw_syscall(SYS_rt_sigpending, reinterpret_cast<long>(&waiting), sizeof(waiting));
  return waiting;
}

ret<int> set_signal_stack(void* lo, std::size_t bytes) noexcept {
  const struct {
    void* sp;
    int flags;
    std::size_t size;
  } stack{lo, 0, bytes};
  return ret<int>::from_raw(raw_syscall(SYS_sigaltstack, reinterpret_cast<long>(&stack), 0));
}

ret<int> set_handler(int signal, void (*handler)(int, void*, void*), void (*restorer)()) noexcept {
  const kernel_sigaction action = runtimes_own(handler, restorer);
  return ret<int>::from_raw(
      raw_syscall(SYS_rt_sigaction, signal, reinterpret_cast<long>(&action), 0, sizeof(sigset)));
}

disposition exchange_handler(int signal, void (*handler)(int, void*, void*), void (*restorer)()) noexcept {
  const kernel_sigaction action = runtimes_own(handler, restorer);
  kernel_sigaction before{};
  raw_syscall(SYS_rt_sigaction, signal, reinterpret_cast<long>(&action), reinterpret_cast<long>(&before),
              sizeof(sigset));
  return as_disposition(before);
}

signal_cause cause_of(const void* info) noexcept {
  const auto& i = *static_cast<const siginfo_t*>(info);
  return {i.si_code > 0, reinterpret_cast<std::uintptr_t>(i.si_addr)};  // kill, sigqueue: si_code <= 0
}

bool itimer_pending() noexcept {
  for (int which : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
    itimerval now{};
    const long r = raw_syscall(SYS_getitimer, which, reinterpret_cast<long>(&now));
    if (r == 0 && (now.it_value.tv_sec != 0 || now.it_value.tv_usec != 0)) return true;
  }
  return false;
}

void default_action(int signal) noexcept {
  const kernel_sigaction dfl{};
  raw_syscall(SYS_rt_sigaction, signal, reinterpret_cast<long>(&dfl), 0, sizeof(sigset));
  const sigset bit = sig_bit(signal);
  (void)sigprocmask(mask_how::unblock, &bit, nullptr);
}

disposition disposition_of(int signal) noexcept {
  kernel_sigaction now{};
  raw_syscall(SYS_rt_sigaction, signal, 0, reinterpret_cast<long>(&now), sizeof(sigset));
  return as_disposition(now);
}

ret<int> set_disposition(int signal, disposition d) noexcept {
  const kernel_sigaction action{d.handler, static_cast<unsigned long>(d.flags), 0, 0};
  return ret<int>::from_raw(
      raw_syscall(SYS_rt_sigaction, signal, reinterpret_cast<long>(&action), 0, sizeof(sigset)));
}

namespace {

// A thread may send to another only what sigqueue might have sent: a negative si_code. Ours are that, and no
// others are as low.
constexpr int handed_on = -1000, lowest_of_others = -100;

}  // namespace

ret<int> take_signal(sigset set, void* info, bool wait) noexcept {
  const timespec now{0, 0};
  const long signal =
      raw_syscall(SYS_rt_sigtimedwait, reinterpret_cast<long>(&set), reinterpret_cast<long>(info),
                  wait ? 0 : reinterpret_cast<long>(&now), sizeof(sigset));
  auto& taken = *static_cast<siginfo_t*>(info);
  if (signal > 0 && taken.si_code < lowest_of_others) taken.si_code -= handed_on;
  return ret<int>::from_raw(signal);
}

ret<int> hand_on_signal(std::int32_t pid, std::int32_t tid, int signal, const void* info) noexcept {
  siginfo_t tagged = *static_cast<const siginfo_t*>(info);
  tagged.si_code += handed_on;
  return send_again(pid, tid, signal, &tagged);
}

ret<int> send_again(std::int32_t pid, std::int32_t tid, int signal, const void* info) noexcept {
  return ret<int>::from_raw(
      raw_syscall(SYS_rt_tgsigqueueinfo, pid, tid, signal, reinterpret_cast<long>(info)));
}

ret<int> kill(std::int32_t pid, int signal) noexcept {
  return ret<int>::from_raw(raw_syscall(SYS_kill, pid, signal));
}

}  // namespace rt0::sys
