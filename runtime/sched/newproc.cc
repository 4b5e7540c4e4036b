// newproc, newproc1, malg. Source: Go 1.21 proc.go.
//
// Differs: a goroutine's stack is always large enough for this code, so that only the making of a new stack
// goes to g0. The G lies on its own stack and begins with a TCB, which is made fresh for every goroutine:
// errno, thread_local, the canary and the C library's locale start as a new thread's would.
#include <algorithm>
#include <new>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/debug_options.h"
#include "runtime/base/fatal.h"
#include "runtime/base/report.h"
#include "runtime/sched/gfree.h"
#include "runtime/sched/labels.h"
#include "runtime/sched/locked_m.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/runq.h"
#include "runtime/sched/syscall.h"
#include "runtime/sched/sysmon.h"
#include "runtime/sched/watch.h"
#include "sys/image/image.h"
#include "sys/process.h"

namespace rt0 {

constinit void* initial_locale = nullptr;
constinit int ncpu = 0;

namespace {

constinit std::atomic<int> thread_class{min_stack_class};
constinit int main_class = min_stack_class, go_class = min_stack_class;

constexpr std::size_t stack_top_reserve = 32;  // Go: "extra space in case of reads slightly beyond frame"
constexpr std::size_t stack_align = 16;        // the ABI's, before a call
constexpr std::size_t pc_quantum = 1;          // so that an unwinder's pc - 1 lies in rt0_goexit

struct malg_call {
  int size_class;
  go_result result;
};

// A new G in state dead, on a new stack. Runs on g0.
void malg_on_g0(void* arg) {
  auto* call = static_cast<malg_call*>(arg);
  const auto [place, error] = stack_alloc(call->size_class, sizeof(g));
  call->result.error = error;
  if (error != 0) return;
  auto* gp = reinterpret_cast<g*>(place.g);  // zeroed by the kernel: status idle
  gp->slot = place.slot;
  gp->size_class = static_cast<std::uint8_t>(place.slot.size_class);
  gp->slot_stack = {place.lo, place.hi};
  use_stack(gp, gp->slot_stack);
  casgstatus(gp, gstatus::idle, gstatus::dead);
  if (debug.check != 0) watch(gp);
  allgadd(gp);
  call->result.gp = gp;
}

go_result malg(int size_class) noexcept {
  malg_call call{size_class, {nullptr, 0}};
  rt0_systemstack(malg_on_g0, &call);
  return call.result;
}

std::uint64_t next_goid(p* pp) noexcept {
  if (pp->goidcache == pp->goidcacheend) {
    // goidgen is the last id given out; this batch is [goidgen + 1, goidgen + goid_batch], so main is 1.
    pp->goidcache = sched.goidgen.fetch_add(goid_batch, std::memory_order_relaxed) + 1;
    pp->goidcacheend = pp->goidcache + goid_batch;
  }
  return pp->goidcache++;
}

// Makes the stack look as if rt0_goexit had called fn, and resumption starts in rt0_gostart.
void gostartcallfn(g* gp, const funcval& fn) noexcept {
  gp->start = fn;
  gp->sched.sp -= sizeof(std::uintptr_t);
  *reinterpret_cast<std::uintptr_t*>(gp->sched.sp) = gp->sched.pc;
  gp->sched.pc = reinterpret_cast<std::uintptr_t>(rt0_gostart);
  gp->sched.ctxt = &gp->start;
}

[[noreturn]] void no_main_stack() noexcept {
  {
    report() << "rt0: cannot map the stack of goroutine 1, " << (std::size_t{1} << main_class)
             << " bytes: RLIMIT_AS is " << sys::limit_of(sys::resource::address_space).soft << "\n";
  }
  sys::exit_group(exit_fatal);
}

}  // namespace

void init_tcb(g* gp) noexcept {
  // The first line and the one of locale. The others nobody writes: musl's members that would (its threads,
  // cancellation, dlerror) are filtered.
  constexpr std::size_t line_bytes = 64;
  fill(&gp->tcb, 0, line_bytes);
  fill(reinterpret_cast<char*>(&gp->tcb) + TCB_LOCALE / line_bytes * line_bytes, 0, line_bytes);
  gp->tcb.self = gp;
  gp->tcb.canary =
      getg()->tcb.canary;  // one value for all: image::canary() would search the auxiliary vector
  gp->tcb.tid = static_cast<std::int32_t>(gp->index);
  gp->tcb.locale = initial_locale;
  sys::image::init_tls_block(gp);
}

void use_stack(g* gp, stack_bounds stack) noexcept {
  gp->stack = stack;
  gp->stackguard0 = gp->stackguard1 = stack.lo + STACK_GUARD;
  if (debug.check != 0) mark_stack(stack);
}

int thread_stack_class() noexcept { return thread_class.load(std::memory_order_relaxed); }
void set_thread_stack_class(int size_class) noexcept {
  thread_class.store(size_class, std::memory_order_relaxed);
}
int go_stack_class() noexcept { return go_class; }
void set_stack_classes(int of_threads, int of_main, int of_go) noexcept {
  set_thread_stack_class(of_threads);
  main_class = of_main;
  go_class = of_go;
}

go_result newproc1(const go_request& request) noexcept {
  if (request.fn == nullptr) fatal("go of nil func value");
  const with_p have_p;
  m_locks_inc();  // no preemption: M and P are in local variables
  m* mp = getm();
  p* pp = mp->p;
  // The second goroutine is the first that somebody may have to be preempted for.
  if (!sched.sysmon_started.load(std::memory_order_relaxed) && mp->curg != nullptr) [[unlikely]]
    rt0_systemstack([](void*) { sysmon_start(); }, nullptr);
  g* gp = gfget(pp, request.size_class);
  if (gp == nullptr) {
    const go_result made = malg(request.size_class);
    if (made.gp == nullptr) {
      m_locks_dec();
      return made;
    }
    gp = made.gp;
  }
  ensure(gp->stack.hi != 0, "newproc1: newg missing stack");
  ensure(readgstatus(gp) == gstatus::dead, "newproc1: new g is not dead");

  init_tcb(gp);
  if (request.stack.hi != 0) use_stack(gp, request.stack);
  gp->sched = {};
  gp->stktopsp =
      (gp->stack.hi - stack_top_reserve - request.room_bytes) & -std::max(request.room_align, stack_align);
  gp->sched.sp = gp->stktopsp;
  gp->sched.pc = reinterpret_cast<std::uintptr_t>(rt0_goexit) + pc_quantum;
  gp->sched.g = gp;
  const fp_control fp = read_fp_control();
  gostartcallfn(gp, {request.fn, request.arg, fp.mxcsr, fp.x87_control});
  gp->gopc = request.callerpc;
  gp->parent_goid = mp->curg != nullptr ? mp->curg->goid : 0;
  if (mp->curg != nullptr && request.kind != g_kind::system) inherit_labels(gp, mp->curg);
  gp->kind = request.kind;
  gp->exited = nullptr;
  // Somebody asked for a place while it died, after it had forgotten its own.
  if (gp->lockedm.load(std::memory_order_relaxed) != nullptr) [[unlikely]]
    forget_locked(gp);
  gp->thread.reset();
  const signal_state& makers = (mp->curg != nullptr ? mp->curg : mp->g0)->signals;
  gp->signals.mask.store(makers.mask.load(std::memory_order_relaxed), std::memory_order_relaxed);
  gp->signals.has_mask_after = gp->signals.waits = false;
  if (gp->signals.queue.pending != 0 || gp->attention.load(std::memory_order_relaxed) != 0) [[unlikely]]
    rt0_forget_signals(gp);
  if (request.kind == g_kind::system) sched.ngsys.fetch_add(1, std::memory_order_relaxed);
  if (request.kind == g_kind::thread) sched.nthreads.fetch_add(1, std::memory_order_relaxed);
  gp->goid = next_goid(pp);
  m_locks_dec();
  if (debug.tracebackancestors > 0) [[unlikely]]
    rt0_save_ancestors(gp);
  return {gp, 0};
}

void start_goroutine(g* gp, bool next) noexcept {
  const with_p have_p;
  casgstatus(gp, gstatus::dead, gstatus::runnable);
  m_locks_inc();
  runqput(getm()->p, gp, next);
  wakep();
  m_locks_dec();
}

go_result newproc(const go_request& request) noexcept {
  const go_result made = newproc1(request);
  if (made.gp != nullptr) start_goroutine(made.gp, true);
  return made;
}

void count_goroutine(std::int64_t change) noexcept {
  std::atomic<std::int64_t>& n = getm()->p->goroutines;
  n.store(n.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);  // written by its P alone
}

std::int64_t goroutine_count() noexcept {
  lock_guard hold(sched.lock);
  std::int64_t n = 0;
  const int used = sched.fresh_p.load(std::memory_order_relaxed);
  for (int i = 0; i < used; i++) n += p_at(i).goroutines.load(std::memory_order_relaxed);
  return n;
}

// rt0_go's newproc: the goroutine that runs the program. No M is woken for it.
extern "C" void rt0_newproc(void (*fn)(void*), void* arg) {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  const go_result made = newproc1({fn, arg, g_kind::thread, main_class, here});
  if (made.gp == nullptr) no_main_stack();
  casgstatus(made.gp, gstatus::dead, gstatus::runnable);
  runqput(getm()->p, made.gp, true);
}

}  // namespace rt0
