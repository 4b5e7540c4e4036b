#include "sys/signal.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>

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

constinit std::uintptr_t runtime_handler = 0;

}  // namespace

ret<int> sigprocmask(mask_how how, const sigset* set, sigset* old) noexcept {
  return ret<int>::from_raw(raw_syscall(SYS_rt_sigprocmask, static_cast<long>(how),
                                        reinterpret_cast<long>(set), reinterpret_cast<long>(old),
                                        sizeof(sigset)));
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
  runtime_handler = reinterpret_cast<std::uintptr_t>(handler);
  const kernel_sigaction action{runtime_handler, SA_SIGINFO | SA_ONSTACK | SA_RESTART | sa_restorer,
                                reinterpret_cast<std::uintptr_t>(restorer), ~sigset{0}};
  return ret<int>::from_raw(
      raw_syscall(SYS_rt_sigaction, signal, reinterpret_cast<long>(&action), 0, sizeof(sigset)));
}

signal_cause cause_of(const void* info) noexcept {
  const auto& i = *static_cast<const siginfo_t*>(info);
  return {i.si_code > 0, reinterpret_cast<std::uintptr_t>(i.si_addr)};  // kill, sigqueue: si_code <= 0
}

bool has_handler(int signal) noexcept {
  kernel_sigaction now{};
  const long r = raw_syscall(SYS_rt_sigaction, signal, 0, reinterpret_cast<long>(&now), sizeof(sigset));
  constexpr std::uintptr_t sig_dfl = 0, sig_ign = 1;
  return r == 0 && now.handler != sig_dfl && now.handler != sig_ign && now.handler != runtime_handler;
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

}  // namespace rt0::sys
