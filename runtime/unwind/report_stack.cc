#include "runtime/unwind/report_stack.h"

#include <signal.h>

#include "rt0/upcalls.h"
#include "runtime/base/fatal.h"
#include "runtime/base/report.h"
#include "runtime/base/tables.h"
#include "runtime/sched/freeze.h"
#include "runtime/sched/signal.h"
#include "runtime/unwind/output.h"
#include "sys/signal.h"

namespace rt0 {
namespace {

constexpr std::size_t stack_bytes = 512 << 10;       // a demangler takes some 70 KiB for a long name
constexpr std::size_t fault_stack_bytes = 32 << 10;  // the kernel's frame is up to 11 KiB

// Room in the address space; a report touches what it needs.
template <std::size_t Bytes>
struct alignas(64) room_for_stack {
  std::byte bytes[Bytes];
};
RT0_TABLE constinit room_for_stack<stack_bytes> stack{};
RT0_TABLE constinit room_for_stack<fault_stack_bytes> fault_stack{};
constinit std::uintptr_t guard = 0;  // signal-safe

struct job {
  void (*fn)(void*);
  void* arg;
};

// On the report's stack. A signal stack can be changed only from off it.
void on_report_stack(int, void* arg, void*) {
  const auto& it = *static_cast<const job*>(arg);
  (void)sys::set_signal_stack(fault_stack.bytes, fault_stack_bytes);
  it.fn(it.arg);
  output_flush();
  const stack_bounds own = own_signal_stack();
  (void)sys::set_signal_stack(reinterpret_cast<void*>(own.lo), own.hi - own.lo);
}

}  // namespace

bool run_report(void (*fn)(void*), void* arg, const registers& here, others afterwards) noexcept {
  m_locks_inc();
  constexpr sys::sigset all = ~fault_signals;
  sys::sigset before = 0;
  (void)sys::sigprocmask(sys::mask_how::set, &all, &before);
  const bool mine = afterwards == others::undisturbed ? claim_report(here) : freeze_others(here);
  if (mine) {
    job it{fn, arg};
    rt0_call_handler(stack.bytes + stack_bytes, on_report_stack, 0, &it, nullptr);
    if (afterwards != others::stay_frozen) thaw_others();
  }
  (void)sys::sigprocmask(sys::mask_how::set, &before, nullptr);
  m_locks_dec();
  return mine;
}

bool guarded(void (*fn)(void*), void* arg) noexcept { return rt0_guarded(fn, arg, &guard) == 0; }

void give_up_walk() noexcept { crash_here(); }

extern "C" void rt0_fault_in_report(int signal, void* ucontext) {
  static constinit bool again = false;
  if (guard != 0) return leave_guarded(ucontext, guard);
  if (!again) {
    again = true;  // what follows may fault as well
    output_flush();
    report() << "\nfatal error: signal " << signal << " during the report\n";
  }
  sys::default_action(signal);  // the instruction runs again
}

}  // namespace rt0
