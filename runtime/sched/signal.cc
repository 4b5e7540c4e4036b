// Source: Go 1.21 signal_unix.go sighandler, doSigPreempt, wantAsyncPreempt, isAsyncSafePoint, minitSignals.
// Differs: Go needs a safe point in its compiler's sense; here a call may be injected anywhere outside the
// core's own text, since everything that code has is either on its stack or in saved registers.
#include "runtime/sched/signal.h"

#include <signal.h>
#include <ucontext.h>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/debug_options.h"
#include "runtime/base/fatal.h"
#include "runtime/base/report.h"
#include "runtime/base/tables.h"
#include "runtime/sched/every_m.h"
#include "runtime/sched/freeze.h"
#include "runtime/sched/signal_mask.h"
#include "runtime/sched/watch.h"
#include "sys/process.h"

// The linker names the ends of a section whose name is a C identifier.
extern "C" [[gnu::visibility("hidden")]] const char __start_rt0_text[], __stop_rt0_text[];

namespace rt0 {

constinit std::atomic<std::int32_t> signal_receiver{0};
constinit std::atomic<bool> quit_reports{false};
RT0_TABLE constinit preempt_counts preempted{};

namespace {

static_assert(offsetof(ucontext_t, uc_mcontext.gregs[REG_R8]) == UC_R8 &&
              offsetof(ucontext_t, uc_mcontext.gregs[REG_R15]) == UC_R15);
static_assert(offsetof(ucontext_t, uc_mcontext.gregs[REG_RDI]) == UC_RDI &&
              offsetof(ucontext_t, uc_mcontext.gregs[REG_RSI]) == UC_RSI);
static_assert(offsetof(ucontext_t, uc_mcontext.gregs[REG_RBP]) == UC_RBP &&
              offsetof(ucontext_t, uc_mcontext.gregs[REG_RBX]) == UC_RBX);
static_assert(offsetof(ucontext_t, uc_mcontext.gregs[REG_RDX]) == UC_RDX &&
              offsetof(ucontext_t, uc_mcontext.gregs[REG_RAX]) == UC_RAX);
static_assert(offsetof(ucontext_t, uc_mcontext.gregs[REG_RCX]) == UC_RCX &&
              offsetof(ucontext_t, uc_mcontext.gregs[REG_RSP]) == UC_RSP);
static_assert(offsetof(ucontext_t, uc_mcontext.gregs[REG_ERR]) == UC_ERR &&
              offsetof(ucontext_t, uc_mcontext.gregs[REG_TRAPNO]) == UC_TRAPNO &&
              offsetof(ucontext_t, uc_mcontext.gregs[REG_CR2]) == UC_CR2);
static_assert(offsetof(ucontext_t, uc_mcontext.gregs[REG_RIP]) == UC_RIP &&
              offsetof(ucontext_t, uc_sigmask) == UC_SIGMASK);

constexpr sys::sigset runtimes_own = sys::sig_bit(SIGURG) | sys::sig_bit(call_signal);

constexpr std::size_t signal_stack_bytes = 64 * 1024;
// What rt0_asyncpreempt2 and all that the scheduler does before it is on another stack may take.
constexpr std::size_t preempt_cxx_bytes = 4096;
// And a program's handler: its ucontext and siginfo, and a few frames of its own.
constexpr std::size_t handler_bytes = 8192;

// m0's signal stack with its G at the top, as other stacks have theirs. No page of it is touched before the
// first signal or report; it is then that the G learns its bounds.
struct alignas(64) first_signal_stack {
  std::byte stack[signal_stack_bytes];
  g gsignal;

  stack_bounds bounds() const {
    const auto lo = reinterpret_cast<std::uintptr_t>(stack);
    return {lo, lo + signal_stack_bytes};
  }
};
RT0_TABLE constinit first_signal_stack m0_signals{};

constinit std::atomic<std::uint32_t> preempt_ready{0};

void count(std::atomic<std::uint64_t>& n) noexcept { n.fetch_add(1, std::memory_order_relaxed); }

bool signal_wanted(const g* gp) noexcept {
  return (gp->attention.load(std::memory_order_relaxed) & attend_signal) != 0 && !gp->thread.defers_handlers;
}

std::atomic<std::uint64_t>& counter_of(injection why) noexcept {
  switch (why) {
    case injection::fits: return preempted.injected;
    case injection::in_core: return preempted.in_core;
    case injection::locked: return preempted.locked;
    case injection::nested: return preempted.nested;
    case injection::not_running: return preempted.not_running;
    case injection::off_the_stack: return preempted.off_the_stack;
  }
  return preempted.unwanted;
}

// Makes the code that ucontext describes call rt0_asyncpreempt, if somebody wants it and it may be. A refused
// request is asked again: p->preempt and g::attention stay set, and the core looks at them by itself.
void inject_if_wanted(const m* mp, void* ucontext) noexcept {
  const g* gp = getg();
  const bool signal = gp == mp->curg && signal_wanted(gp);
  if (mp->p == nullptr || !(signal || mp->p->preempt.load(std::memory_order_relaxed)))
    return count(preempted.unwanted);
  const std::size_t need =
      asyncpreempt_stack_bytes() + preempt_cxx_bytes + (signal ? handler_bytes : std::size_t{0});
  const injection how = may_inject(mp, interrupted_pc(ucontext), interrupted_sp(ucontext), need, 1);
  count(counter_of(how));
  if (how == injection::fits) inject_asyncpreempt(ucontext);
}

void give_way(m* mp, void* ucontext) noexcept {
  // From here on the next request sends a signal of its own. seq_cst, before the looks at what is asked for;
  // pairs with: urge's exchange
  mp->signal_pending.store(0, std::memory_order_seq_cst);
  const g* gp = getg();
  if (const std::uintptr_t* open_to = open_syscall_at(ucontext); open_to != nullptr && gp == mp->curg) {
    if ((gp->attention.load(std::memory_order_relaxed) & *open_to) != 0) refuse_open_syscall(ucontext);
  }
  inject_if_wanted(mp, ucontext);
}

// The program's handler can be called for this fault: it is the goroutine's own doing, not a lock holder's,
// and not the handler's itself, during which the signal is blocked.
bool is_the_programs(const m* mp, const g* gp, int signal) noexcept {
  return (gp->signals.mask.load(std::memory_order_relaxed) & sys::sig_bit(signal)) == 0 &&
         (sched.handled.load(std::memory_order_relaxed) & sys::sig_bit(signal)) != 0 && mp->insig == 1 &&
         mp->locks == 0 && gp == mp->curg && readgstatus(gp) == gstatus::running;
}

// Code on its goroutine's stack has this much of it left. On another stack of the program's nobody knows.
bool has_room(const g* gp, void* ucontext) noexcept {
  const std::uintptr_t sp = interrupted_sp(ucontext);
  return sp < gp->stack.lo || sp >= gp->stack.hi ||
         sp - gp->stack.lo >= asyncpreempt_stack_bytes() + preempt_cxx_bytes;
}

bool in_guard(const g* gp, int signal, std::uintptr_t address) noexcept {
  return (signal == SIGSEGV || signal == SIGBUS) && gp->slot.bytes != 0 && address >= gp->slot.base &&
         address < gp->slot_stack.lo;
}

void record_fault(m* mp, int signal, const void* info, void* ucontext) noexcept {
  fault_record& f = mp->fault;
  copy_forward(f.info, info, sizeof f.info);
  f.error = context_word(ucontext, UC_ERR);
  f.trap = context_word(ucontext, UC_TRAPNO);
  f.address = context_word(ucontext, UC_CR2);
  f.signal = signal;
}

void fault(m* mp, int signal, void* info, void* ucontext) noexcept {
  if (is_reporting()) return rt0_fault_in_report(signal, ucontext);
  const sys::signal_cause cause = sys::cause_of(info);
  const g* gp = getg();
  if (!cause.fault) {
    // Somebody sent it: as any other signal. Without a receiver nobody has a handler.
    const std::int32_t receiver = signal_receiver.load(std::memory_order_acquire);
    if (receiver != 0 && sys::hand_on_signal(sys::getpid(), receiver, signal, info).ok()) return;
    sys::default_action(signal);
    (void)sys::tgkill(sys::getpid(), sys::gettid(), signal);
    return;
  }
  const bool has_handler = is_the_programs(mp, gp, signal);
  const bool overflow = in_guard(gp, signal, cause.address) || (has_handler && !has_room(gp, ucontext));
  if (has_handler) {
    if (overflow) return rt0_handle_overflow(signal, info, ucontext);
    record_fault(mp, signal, info, ucontext);
    return inject_asyncpreempt(ucontext);
  }
  if (overflow) rt0_die_of_overflow(ucontext);
  rt0_report_signal(signal, info, ucontext);
  // Kills as it would without a handler. Sent again, since the instruction may not fault a second time: a
  // trap's has run, and a page of a file may be there by now.
  sys::default_action(signal);
  (void)sys::send_again(sys::getpid(), sys::gettid(), signal, info);
}

void install(int signal) noexcept {
  ensure(sys::set_handler(signal, rt0_sigtramp, rt0_sigreturn).ok(), "signal_init: rt_sigaction");
}

void set_signal_stack(stack_bounds stack) noexcept {
  const auto set = sys::set_signal_stack(reinterpret_cast<void*>(stack.lo), stack.hi - stack.lo);
  ensure(set.ok(), "minit: sigaltstack");
}

}  // namespace

bool in_core(std::uintptr_t pc) noexcept {
  return pc - reinterpret_cast<std::uintptr_t>(__start_rt0_text) <
         static_cast<std::uintptr_t>(__stop_rt0_text - __start_rt0_text);
}

injection may_inject(const m* mp, std::uintptr_t pc, std::uintptr_t sp, std::size_t need_bytes,
                     std::uint32_t handlers) noexcept {
  const g* gp = getg();
  if (in_core(pc)) return injection::in_core;
  if (mp->locks != 0) return injection::locked;
  if (mp->insig != handlers) return injection::nested;
  if (gp != mp->curg || readgstatus(gp) != gstatus::running) {
    return injection::not_running;
  }
  if (sp < gp->stack.lo + need_bytes || sp >= gp->stack.hi) return injection::off_the_stack;
  return injection::fits;
}

stack_bounds own_signal_stack() noexcept {
  m* mp = getm();
  if (mp->gsignal == &m0_signals.gsignal) m0_signals.gsignal.stack = m0_signals.bounds();
  return mp->gsignal->stack;
}

// By rt0_sigtramp.
extern "C" void rt0_sighandler(int signal, void* info, void* ucontext) {
  m* mp = getm();
  if (debug.check != 0) repair_for_report();
  (void)own_signal_stack();
  if (signal == SIGURG) return give_way(mp, ucontext);
  if (signal == SIGQUIT) return rt0_report_quit(ucontext);
  if (signal == call_signal) {
    answer_freeze(mp, ucontext);
    return answer_call(mp, ucontext);
  }
  // The debugger that waited for this int3 is gone.
  if (signal == SIGTRAP && is_debug_call_place(interrupted_pc(ucontext))) return;
  fault(mp, signal, info, ucontext);
}

void signal_init() noexcept {
  m* mp = getm();
  mp->gsignal = &m0_signals.gsignal;
  mp->g0->signals.mask.store(mp->sigmask & ~never_blocked, std::memory_order_relaxed);
  sched.sigmask.store(mp->sigmask & ~(never_blocked | fault_signals), std::memory_order_relaxed);
  set_signal_stack(m0_signals.bounds());
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) install(signal);
  const auto before = sys::exchange_handler(SIGQUIT, rt0_sigtramp, rt0_sigreturn);
  // Who starts us in the background has it ignored, and means it.
  const bool ignored = before.handler == reinterpret_cast<std::uintptr_t>(SIG_IGN);
  if (ignored) (void)sys::set_disposition(SIGQUIT, before);
  quit_reports.store(!ignored, std::memory_order_relaxed);
}

void minit_signals(m* mp) noexcept {
  set_signal_stack(mp->gsignal->stack);
  adopt_mask();
}

void install_fault_handler(int signal) noexcept { install(signal); }

void leave_signal_stack() noexcept {
  m* mp = getm();
  const stack_bounds at = mp->gsignal->stack;
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (here >= at.lo && here < at.hi) return;  // a jump inside the handler
  mp->insig = 0;
  adopt_mask();
}

void ring_receiver() noexcept {
  // seq_cst: StoreLoad between what was changed and this; the receiver stores its id, then reads what it is.
  const std::int32_t receiver = signal_receiver.load(std::memory_order_seq_cst);
  if (receiver != 0) (void)sys::tgkill(sys::getpid(), receiver, doorbell_signal);
}

void preempt_init() noexcept {
  if (preempt_ready.exchange(1, std::memory_order_acq_rel) != 0) return;
  find_xstate(rt0_cpuid1_ecx);
  install(SIGURG);
  rt0_prepare_walks();
  // A process may have inherited a mask with them in it.
  (void)sys::sigprocmask(sys::mask_how::unblock, &runtimes_own, nullptr);
}

}  // namespace rt0
