#include "runtime/signal/attend.h"

#include <errno.h>
#include <ucontext.h>

#include "rt0/upcalls.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/m.h"
#include "runtime/sched/park.h"
#include "runtime/sched/signal.h"
#include "runtime/sched/signal_mask.h"
#include "runtime/signal/action.h"
#include "runtime/signal/mask.h"
#include "runtime/signal/send.h"
#include "runtime/signal/wait.h"

namespace rt0 {
namespace {

constexpr greg_t user_segments = 0x002b'0000'0000'0033;  // ss and cs

struct delivery {
  signal_action action;
  siginfo_t info;
  sys::sigset mask_after;
  fault_record fault;  // signal 0: none
};

// The handler will run: the goroutine's mask becomes its, SA_RESETHAND is done.
void begin(g* gp, delivery& d, int signal) noexcept RT0_REQUIRES(signal_lock) {
  signal_state& s = gp->signals;
  const sys::sigset now = s.mask.load(std::memory_order_relaxed);
  d.mask_after = s.has_mask_after ? s.mask_after : now;
  s.has_mask_after = false;
  sys::sigset during = now | d.action.mask;
  if ((d.action.flags & SA_NODEFER) == 0) during |= sys::sig_bit(signal);
  s.mask.store(during & ~never_blocked, std::memory_order_relaxed);
  if ((d.action.flags & SA_RESETHAND) != 0) reset_action(signal);
  end_signal_wait();
  s.handlers_run++;
  if ((d.action.flags & SA_RESTART) == 0) s.ending_handlers++;
}

// A fault that has no handler by now, or that the goroutine blocks, ends the process.
effect begin_fault(g* gp, delivery& d) noexcept {
  const int signal = d.fault.signal;
  lock_guard hold(signal_lock);
  d.action = action_of(signal);
  const bool blocked = (gp->signals.mask.load(std::memory_order_relaxed) & sys::sig_bit(signal)) != 0;
  if (!is_function(d.action) || blocked) return effect::end;
  copy_forward(&d.info, d.fault.info, sizeof d.info);
  begin(gp, d, signal);
  return effect::call;
}

// The next signal that the goroutine does not block; 0: it has attended to all. Without its siginfo, what
// kill would have said.
int take_next(g* gp, delivery& d, effect& what) noexcept {
  if (gp->thread.defers_handlers) return 0;
  signal_node* node = nullptr;
  int signal = 0;
  sys::sigset left = 0;
  {
    lock_guard hold(signal_lock);
    signal = take_for(gp, ~gp->signals.mask.load(std::memory_order_relaxed), &node);
    if (signal == 0) {
      attended(gp, attend_signal);
      return 0;
    }
    d.action = action_of(signal);
    what = effect_of(signal, d.action);
    // It waited while nobody could take it, and nobody was to be told.
    if (what != effect::call && tell_listeners(signal)) what = effect::ignore;
    d.fault.signal = 0;
    if (what == effect::call) begin(gp, d, signal);
    left = waiting_for(gp) & gp->signals.mask.load(std::memory_order_relaxed);
  }
  d.info = node != nullptr ? node->info : own_info(signal, SI_USER);
  free_node(node);
  if (left != 0) pass_on(left);
  return signal;
}

void describe(ucontext_t& uc, const preempt_frame& f, void* xstate, const delivery& d,
              const thread_state& t) noexcept {
  fill(&uc, 0, sizeof uc);
  uc.uc_stack = {reinterpret_cast<void*>(t.altstack_lo),
                 t.altstack_bytes == 0 ? SS_DISABLE : t.altstack_flags, t.altstack_bytes};
  auto& r = uc.uc_mcontext.gregs;
  r[REG_R8] = f.r8, r[REG_R9] = f.r9, r[REG_R10] = f.r10, r[REG_R11] = f.r11;
  r[REG_R12] = f.r12, r[REG_R13] = f.r13, r[REG_R14] = f.r14, r[REG_R15] = f.r15;
  r[REG_RDI] = f.rdi, r[REG_RSI] = f.rsi, r[REG_RBP] = f.rbp, r[REG_RBX] = f.rbx;
  r[REG_RDX] = f.rdx, r[REG_RAX] = f.rax, r[REG_RCX] = f.rcx, r[REG_RSP] = f.sp();
  r[REG_RIP] = f.pc, r[REG_EFL] = f.flags, r[REG_CSGSFS] = user_segments;
  if (d.fault.signal != 0) {
    r[REG_ERR] = d.fault.error, r[REG_TRAPNO] = d.fault.trap, r[REG_CR2] = d.fault.address;
  }
  r[REG_OLDMASK] = d.mask_after;
  uc.uc_mcontext.fpregs = static_cast<fpregset_t>(xstate);  // its first 512 bytes are what FXSAVE stores
  copy_forward(&uc.uc_sigmask, &d.mask_after, sizeof d.mask_after);
}

// The handler may have changed the registers. Returns the frame to go on from.
preempt_frame* adopt(const ucontext_t& uc, preempt_frame* frame) noexcept {
  preempt_frame& f = *frame;
  const auto& r = uc.uc_mcontext.gregs;
  f.r8 = r[REG_R8], f.r9 = r[REG_R9], f.r10 = r[REG_R10], f.r11 = r[REG_R11];
  f.r12 = r[REG_R12], f.r13 = r[REG_R13], f.r14 = r[REG_R14], f.r15 = r[REG_R15];
  f.rdi = r[REG_RDI], f.rsi = r[REG_RSI], f.rbp = r[REG_RBP], f.rbx = r[REG_RBX];
  f.rdx = r[REG_RDX], f.rax = r[REG_RAX], f.rcx = r[REG_RCX];
  f.pc = r[REG_RIP], f.flags = r[REG_EFL];
  const auto sp = static_cast<std::uintptr_t>(r[REG_RSP]);
  if (sp == f.sp()) return frame;
  const preempt_frame moved = f;
  preempt_frame* there = preempt_frame::ending_at(sp);
  *there = moved;
  return there;
}

bool on_altstack(const thread_state& t) noexcept {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  return here - t.altstack_lo < t.altstack_bytes;
}

[[gnu::noinline]] preempt_frame* call(g* gp, delivery& d, preempt_frame* frame, void* xstate) noexcept {
  ucontext_t uc;
  describe(uc, *frame, xstate, d, gp->thread);
  const auto handler = reinterpret_cast<signal_handler>(d.action.handler);
  const thread_state& t = gp->thread;
  if ((d.action.flags & SA_ONSTACK) != 0 && t.altstack_bytes != 0 && !on_altstack(t)) {
    rt0_call_handler(reinterpret_cast<void*>(t.altstack_lo + t.altstack_bytes), handler, d.info.si_signo,
                     &d.info, &uc);
  } else {
    handler(d.info.si_signo, &d.info, &uc);
  }
  sys::sigset mask = 0;
  copy_forward(&mask, &uc.uc_sigmask, sizeof mask);
  set_mask(mask);
  return adopt(uc, frame);
}

void deliver_all(g* gp, preempt_frame*& frame, void* xstate) noexcept;

// One signal, or one fault. False: nothing is left. Those that its handler does not block come before it, as
// they do in Linux, which puts one frame on the other: the last begins first.
bool deliver_one(g* gp, preempt_frame*& frame, void* xstate) noexcept {
  delivery d;
  m* mp = getm();
  d.fault.signal = mp->fault.signal;
  if (d.fault.signal != 0) {
    d.fault = mp->fault;
    mp->fault.signal = 0;
    if (begin_fault(gp, d) == effect::call) {
      deliver_all(gp, frame, xstate);
      frame = call(gp, d, frame, xstate);
    } else {
      sys::default_action(d.fault.signal);  // the instruction runs again
    }
    return true;
  }
  effect what = effect::ignore;
  const int signal = take_next(gp, d, what);
  if (signal == 0) return false;
  if (what == effect::end) take_default(signal);
  if (what == effect::call) {
    deliver_all(gp, frame, xstate);
    frame = call(gp, d, frame, xstate);
  }
  return true;
}

void deliver_all(g* gp, preempt_frame*& frame, void* xstate) noexcept {
  while (deliver_one(gp, frame, xstate)) {
  }
}

[[gnu::noinline]] preempt_frame* deliver(g* gp, preempt_frame* frame, void* xstate) noexcept {
  const int error = gp->tcb.err;
  deliver_all(gp, frame, xstate);
  gp->tcb.err = error;
  return frame;
}

bool has_signals(const g* gp) noexcept {
  const bool signal = (gp->attention.load(std::memory_order_relaxed) & attend_signal) != 0;
  return (signal && !gp->thread.defers_handlers) || getm()->fault.signal != 0;
}

}  // namespace

extern "C" void rt0_handle_overflow(int signal, void* info, void* ucontext) {
  const g* gp = getg();
  signal_action action{};
  {
    lock_guard hold(signal_lock);
    action = action_of(signal);
    const bool blocked = (gp->signals.mask.load(std::memory_order_relaxed) & sys::sig_bit(signal)) != 0;
    if (blocked) action.handler = reinterpret_cast<std::uintptr_t>(SIG_DFL);
    if (is_function(action) && (action.flags & SA_RESETHAND) != 0) reset_action(signal);
  }
  if (!is_function(action)) return sys::default_action(signal);  // the instruction runs again
  reinterpret_cast<signal_handler>(action.handler)(signal, info, ucontext);
}

void attend_slow() noexcept {
  const m* mp = getm();
  if (mp->curg == getg() && mp->locks == 0 && mp->insig == 0) rt0_attend();
}

// Where rt0_asyncpreempt leads. What the SIGURG asked for may be done by now, by us or by others.
extern "C" preempt_frame* rt0_asyncpreempt2(preempt_frame* frame, void* xstate) {
  g* gp = getg();
  for (;;) {
    if (has_signals(gp)) [[unlikely]]
      frame = deliver(gp, frame, xstate);
    const p* pp = getm()->p;  // none in rt::blocking
    if (pp == nullptr || !pp->preempt.load(std::memory_order_relaxed)) return frame;
    preempt_park();
    if (!has_signals(gp)) return frame;
  }
}

}  // namespace rt0
