#include "runtime/signal/action.h"

#include <errno.h>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/tables.h"
#include "runtime/sched/signal.h"
#include "runtime/sched/signal_mask.h"
#include "runtime/signal/receiver.h"
#include "runtime/signal/send.h"
#include "sys/process.h"

namespace rt0 {
namespace {

RT0_TABLE constinit signal_action table[sys::signal_count] RT0_GUARDED_BY(signal_lock){};
// Whose entry is the program's; of the others the kernel knows what the process began with.
constinit sys::sigset known RT0_GUARDED_BY(signal_lock) = 0;

const auto sig_dfl = reinterpret_cast<std::uintptr_t>(SIG_DFL);
const auto sig_ign = reinterpret_cast<std::uintptr_t>(SIG_IGN);

constexpr sys::sigset ignored_by_default =
    sys::sig_bit(SIGCHLD) | sys::sig_bit(SIGCONT) | sys::sig_bit(SIGURG) | sys::sig_bit(SIGWINCH);
constexpr int child_flags = SA_NOCLDSTOP | SA_NOCLDWAIT;

// SIGQUIT's default is a report; until the program sets SIG_DFL where it has SIG_DFL, and so wants the end.
// Who restores what it found, as system() does, restores the report.
constinit bool quit_ends RT0_GUARDED_BY(signal_lock) = false;

bool brings_report(int signal, const signal_action& a) noexcept RT0_REQUIRES(signal_lock) {
  if (signal != SIGQUIT) return false;
  const bool by_default = a.handler == sig_dfl;
  quit_ends = quit_ends || (by_default && action_of(signal).handler == sig_dfl);
  quit_reports.store(by_default && !quit_ends, std::memory_order_relaxed);
  return by_default && !quit_ends;
}

// The kernel's part of an action. Its handlers of SIGURG, and of SIGSEGV and SIGBUS, whose addresses may be a
// guard page's, stay the runtime's.
void tell_kernel(int signal, const signal_action& a) noexcept RT0_REQUIRES(signal_lock) {
  const sys::sigset bit = sys::sig_bit(signal);
  if (signal == SIGURG) return;
  if (brings_report(signal, a)) return install_fault_handler(signal);
  if ((bit & fault_signals) != 0 && is_function(a)) return install_fault_handler(signal);
  // These are reported when they kill.
  if (a.handler == sig_dfl && (bit & reported_faults) != 0) return install_fault_handler(signal);
  if (signal == SIGSEGV || signal == SIGBUS) return;
  (void)sys::set_disposition(signal, {is_function(a) ? sig_dfl : a.handler, a.flags & child_flags});
}

void remember(int signal, const signal_action& a) noexcept RT0_REQUIRES(signal_lock) {
  const sys::sigset bit = sys::sig_bit(signal);
  table[signal - 1] = a;
  known |= bit;
  const sys::sigset handled = sched.handled.load(std::memory_order_relaxed);
  sched.handled.store(is_function(a) ? handled | bit : handled & ~bit, std::memory_order_relaxed);
}

}  // namespace

effect effect_of(int signal, const signal_action& a) noexcept {
  if (is_function(a)) return effect::call;
  const bool by_default = (ignored_by_default & sys::sig_bit(signal)) != 0;
  return a.handler == sig_ign || by_default ? effect::ignore : effect::end;
}

const signal_action& action_of(int signal) noexcept {
  signal_action& a = table[signal - 1];
  if ((known & sys::sig_bit(signal)) == 0) {
    const sys::disposition now = sys::disposition_of(signal);
    a = {now.handler == sig_ign ? sig_ign : sig_dfl, 0, now.handler == sig_ign ? now.flags : 0};
    known |= sys::sig_bit(signal);
  }
  return a;
}

void reset_action(int signal) noexcept {
  remember(signal, {sig_dfl, 0, table[signal - 1].flags & ~SA_SIGINFO});
}

int change_action(int signal, const signal_action* wanted, signal_action* old) noexcept {
  if (signal < 1 || signal > sys::signal_count || (signal >= first_real_time && signal <= call_signal)) {
    return EINVAL;
  }
  if (wanted == nullptr) {
    lock_guard hold(signal_lock);
    *old = action_of(signal);
    return 0;
  }
  if (signal == SIGKILL || signal == SIGSTOP) return EINVAL;
  const sys::sigset bit = sys::sig_bit(signal);
  if (is_function(*wanted)) {
    take_over(bit);
    ensure_receiver();
  }
  signal_node* gone = nullptr;
  {
    lock_guard hold(signal_lock);
    if (old != nullptr) *old = action_of(signal);
    tell_kernel(signal, *wanted);
    remember(signal, *wanted);
    if (effect_of(signal, *wanted) == effect::ignore) gone = take_all_anywhere(bit);
  }
  free_nodes(gone);
  return 0;
}

void take_default(int signal) noexcept {
  if (signal == SIGQUIT && quit_reports.load(std::memory_order_relaxed)) return rt0_report_quit(nullptr);
  m_locks_inc();
  const sys::sigset bit = sys::sig_bit(signal);
  sys::sigset before = 0;
  (void)sys::set_disposition(signal, {sig_dfl, 0});
  (void)sys::sigprocmask(sys::mask_how::unblock, &bit, &before);
  (void)sys::tgkill(sys::getpid(), sys::gettid(), signal);
  // It stopped the process, which goes on.
  (void)sys::sigprocmask(sys::mask_how::set, &before, nullptr);
  m_locks_dec();
}

}  // namespace rt0
