// debugCall: the runtime's half of a call that a debugger makes (protocol: rt0/amd64/debug_call.h). Source:
// Go 1.23 debugcall.go debugCallCheck, debugCallWrap, debugCallPanicked.
//
// In Go the interrupted goroutine is bound to its thread, makes a goroutine by hand and executes it there, so
// that the debugger need watch one thread only. Here the call is an ordinary goroutine, and who shall wait
// for it parks as anybody does. So little is special: a place to come in and the question whether it is a
// good one. It costs the debugger that it must know the call by its token, on whatever thread.
//
// Good places are of two kinds. In a goroutine's own code, where a signal's handler could be called; not in
// musl, which keeps its locks without us. And in an M that sleeps in the kernel without a P, because it has
// nothing to do: Go has no such way, and cannot call anything while all goroutines are parked. That M holds
// no lock, but as the poller the netpoller's, and stands where it might return from the kernel at any time;
// what it does here, to take an idle P, give it work and hand it off, every M does that leaves a system call
// and blocks anew. Meanwhile another M may have popped it from the list of idle ones and given it a P in
// nextp, which it will find when it looks.
//
// What the program's own code holds at such a place, its mutexes or its own allocator's lock, the call does
// not get: it waits, as gdb's would, and the debugger's user interrupts it.
#include <new>
#include <typeinfo>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/fatal.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/park.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/signal.h"
#include "runtime/unwind/exception.h"
#include "runtime/unwind/walk.h"

extern "C" {
[[gnu::weak]] void _Unwind_SetGR(void* context, int number, std::uintptr_t value);
[[gnu::weak]] void _Unwind_SetIP(void* context, std::uintptr_t pc);
}

namespace __cxxabiv1 {
extern "C" {
[[gnu::weak]] void* __cxa_begin_catch(void* exception) noexcept;
[[gnu::weak]] void __cxa_end_catch();
}
}  // namespace __cxxabiv1

namespace rt0 {
namespace {

// At the top of the call's stack.
struct debug_call {
  std::uint64_t token;
  bool holds;  // the ticket's goroutine waits
  wait_ticket host;
};

// What rt0_debug_call_run and the int3s' handlers want below the debugger's arguments.
constexpr std::size_t stack_reserve_bytes = 16 << 10;

void debug_call_main(void* arg) {
  const debug_call call = *static_cast<debug_call*>(arg);
  const g* gp = getg();
  rt0_debug_call_run(call.token, gp->stack.lo + stack_reserve_bytes, gp->goid);
  if (call.holds) claim(call.host, claim_state::woken);
  libc::thread_end(nullptr);
}

bool take_idle_p() noexcept {
  sched.lock.lock();
  p* pp = pidleget();
  sched.lock.unlock();
  if (pp != nullptr) acquirep(pp);
  return pp != nullptr;
}

// This M is asleep: see above. Not sysmon, which never has a P.
const char* idle_refusal(const m* mp, std::uintptr_t pc) noexcept {
  const std::uint32_t locks = mp->in_netpoller ? 1 : 0;  // the netpoller's is taken before all that we take
  const bool sleeps = getg() == mp->g0 && mp->p == nullptr && mp->locks == locks && mp->insig == 0 &&
                      mp->start == nullptr && in_core(pc) && is_behind_syscall(pc);
  return sleeps ? nullptr : "the thread is in the scheduler";
}

const char* goroutine_refusal(const m* mp, std::uintptr_t pc, std::uintptr_t sp) noexcept {
  // The stack was looked at before anything was put on it.
  switch (may_inject(mp, pc, sp, 0, 0)) {
    case injection::fits: break;
    case injection::in_core: return "it is in the runtime's own code";
    case injection::locked: return "it holds a lock of the runtime's";
    case injection::nested: return "it is in a signal handler of the runtime's";
    case injection::not_running: return "it is in rt::blocking, or on its way to or from its thread";
    case injection::off_the_stack: return "it is not on its goroutine's stack";
  }
  if (getg()->thread.defers_handlers) return "it is about to wait";
  if (!has_unwind_table(pc)) return "it is in the C library";
  return nullptr;
}

void name(thread_state& thread) noexcept {
  constexpr char text[] = "debug call";
  static_assert(sizeof text <= sizeof thread.name);
  __builtin_memcpy(thread.name, text, sizeof text);
}

// On the running M, which has a P. nullptr: no memory for a stack.
debug_call* make_goroutine(std::uint64_t token, g** made) noexcept {
  go_request wanted{debug_call_main, nullptr, g_kind::go, thread_stack_class(),
                    reinterpret_cast<std::uintptr_t>(&rt0_debug_call) + 1};
  wanted.room_bytes = sizeof(debug_call);
  wanted.room_align = alignof(debug_call);
  g* gp = newproc1(wanted).gp;
  if (gp == nullptr) return nullptr;
  auto* call = new (reinterpret_cast<void*>(gp->stktopsp)) debug_call{token, false, {}};
  gp->start.arg = call;
  gp->thread.join.store(libc::detached, std::memory_order_relaxed);
  name(gp->thread);
  *made = gp;
  return call;
}

}  // namespace

extern "C" const char* rt0_debug_call_refusal(std::uintptr_t pc, std::uintptr_t sp) {
  const m* mp = getm();
  const char* why = mp->curg == nullptr ? idle_refusal(mp, pc) : goroutine_refusal(mp, pc, sp);
  if (why != nullptr) return why;
  preempt_init();  // what there is to save; a process that has one M only does not know yet
  return rt0_xstate_bytes != 0 ? nullptr : "the process has only begun";
}

extern "C" const char* rt0_debug_call_start(std::uint64_t token) {
  const bool idle = getm()->curg == nullptr;
  if (idle && !take_idle_p()) return "no P is idle";
  g* gp = nullptr;
  debug_call* call = make_goroutine(token, &gp);
  if (call == nullptr) {
    if (idle) handoffp(releasep());
    return "there is no memory for a stack";
  }
  const bool holds = call->holds = !idle && (token & DEBUG_CALL_HOLDS) != 0;
  const wait_ticket host = holds ? call->host = begin_wait() : wait_ticket{};
  count_goroutine(1);
  start_goroutine(gp, true);
  if (idle) handoffp(releasep());
  if (holds) (void)gopark(host, wait_reason::debug_call, forever);
  return nullptr;
}

// A handler frame for everything: the goroutine has nothing below it that would handle it, and a forced
// unwind ends here.
extern "C" int rt0_debug_call_personality(int, int actions, std::uint64_t exception_class, void* exception,
                                          void* context) {
  constexpr int search_phase = 1, force_unwind = 8;      // _UA_SEARCH_PHASE, _UA_FORCE_UNWIND
  constexpr int handler_found = 6, install_context = 7;  // _URC_HANDLER_FOUND, _URC_INSTALL_CONTEXT
  constexpr std::uint64_t gnu_cxx = 0x474e5543432b2b;    // "GNUCC++", and a byte that says which kind
  constexpr int kind_bits = 8;
  if ((actions & search_phase) != 0) return handler_found;
  const int what = (actions & force_unwind) != 0             ? DEBUG_CALL_FORCED
                   : exception_class >> kind_bits == gnu_cxx ? DEBUG_CALL_EXCEPTION
                                                             : DEBUG_CALL_FOREIGN;
  _Unwind_SetGR(context, DW_RAX, reinterpret_cast<std::uintptr_t>(exception));
  _Unwind_SetGR(context, DW_RDX, static_cast<std::uintptr_t>(what));
  _Unwind_SetIP(context, reinterpret_cast<std::uintptr_t>(rt0_debug_call_landing));
  return install_context;
}

extern "C" caught_text rt0_debug_call_caught(void* exception, int what) {
  (void)__cxxabiv1::__cxa_begin_catch(exception);
  if (what == DEBUG_CALL_FOREIGN) return {nullptr, nullptr};
  const exception_view e = current_exception();
  return {e.type != nullptr ? e.type->name() : nullptr, e.what};
}

extern "C" void rt0_debug_call_forget() { __cxxabiv1::__cxa_end_catch(); }

}  // namespace rt0
