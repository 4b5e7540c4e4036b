// Source: Go 1.21 panic.go dopanic_m, signal_unix.go sighandler, and their words.
#include "runtime/unwind/fatal.h"

#include <signal.h>

#include "rt0/upcalls.h"
#include "runtime/base/fatal.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/watch.h"
#include "runtime/unwind/cycles.h"
#include "runtime/unwind/output.h"
#include "runtime/unwind/report_stack.h"
#include "runtime/unwind/traceback.h"
#include "sys/clock.h"
#include "sys/process.h"

namespace rt0 {
namespace {

const char* text_of_signal(int signal) noexcept {
  switch (signal) {
    case SIGSEGV: return "SIGSEGV: segmentation violation";
    case SIGBUS: return "SIGBUS: bus error";
    case SIGFPE: return "SIGFPE: floating-point exception";
    case SIGILL: return "SIGILL: illegal instruction";
    case SIGTRAP: return "SIGTRAP: trace trap";
    case SIGSYS: return "SIGSYS: bad system call";
    case SIGABRT: return "SIGABRT: abort";
    default: return "signal";
  }
}

void say_why(report& out, const death& d) { out << "fatal error: " << d.why << "\n"; }

void say_signal(report& out, const death& d) {
  out << text_of_signal(d.signal) << "\n";
  if (d.ucontext == nullptr) return;
  const auto& info = *static_cast<const siginfo_t*>(d.info);
  const g* gp = getm()->curg;
  const char* damage = gp != nullptr ? damage_of(gp) : nullptr;
  if (damage != nullptr) out << "goroutine " << gp->goid << ": " << damage << "\n";
  out << "PC=" << hex{registers_of(d.ucontext).pc()} << " m=" << getm()->id << " sigcode=" << info.si_code
      << " addr=" << hex{reinterpret_cast<std::uintptr_t>(info.si_addr)} << "\n";
}

void say_overflow(report& out, const death&) {
  const g* gp = getg();
  out << "goroutine " << gp->goid << " stack exceeds " << (std::size_t{1} << gp->slot.size_class)
      << "-byte limit\nfatal error: stack overflow\n";
}

void print_registers(report& out, const registers& all) noexcept {
  out << "\n";
  for (const register_name& one : register_names) {
    out << one.text << (one.text[2] == 0 ? "     " : "    ") << hex{all.r[one.number]} << "\n";
  }
}

// The stack of the runtime's own, g0's or that of its signal handlers, on which `here` is, or in whose guard;
// else an empty one.
stack_bounds runtime_stack(const registers& here) noexcept {
  const m* mp = getm();
  for (const g* gp : {mp->g0, mp->gsignal}) {
    const stack_bounds all{gp->stack.lo - stack_guard_bytes, gp->stack.hi};
    if (here.sp() >= all.lo && here.sp() < all.hi) return all;
  }
  return {0, 0};
}

struct job {
  const death* of;
  const registers* here;
};

void report_all(void* arg) {
  const auto& it = *static_cast<const job*>(arg);
  const death& d = *it.of;
  {
    report first(output_write);  // said, whatever comes of the rest
    d.say(first, d);
  }
  report out(output_write);
  if (traceback_shows == traceback_level::none) return;
  const g* running = d.blames_nobody ? nullptr : getm()->curg;
  // Whose fault a fault is there, its frames alone can tell.
  const stack_bounds runtimes = runtime_stack(*it.here);
  if (runtimes.hi != 0 && (shows_system() || d.ucontext != nullptr)) {
    out << "\nruntime stack:\n";
    print_runtime_frames(out, *it.here, runtimes);
  }
  if (running != nullptr) {
    registers at;
    const bool known = place_of(running, *it.here, &at);
    out << "\n";
    print_goroutine(out, running, "running", known ? &at : nullptr);
  }
  if (running == nullptr || d.shows_all || traceback_shows >= traceback_level::all) {
    print_others(out, running, *it.here);
    (void)print_cycles(out);
  }
  if (d.ucontext != nullptr && d.signal != 0) print_registers(out, registers_of(d.ucontext));
}

[[noreturn]] void end(int status) noexcept {
  if (traceback_shows == traceback_level::crash) {
    sys::default_action(SIGABRT);
    (void)sys::tgkill(sys::getpid(), sys::gettid(), SIGABRT);
  }
  sys::exit_group(status);
}

}  // namespace

void report_death(const death& of, const registers& here, others afterwards) noexcept {
  sched.died_at_ns.store(sys::nanotime(), std::memory_order_relaxed);
  job it{&of, &here};
  if (run_report(report_all, &it, here, afterwards)) return;
  output_flush();
  report out;
  of.say(out, of);
}

extern "C" void rt0_die(const char* why) {
  if (!traceback_ready()) {
    { report() << "fatal error: " << why << "\n"; }
    sys::exit_group(exit_fatal);
  }
  registers here;
  rt0_registers_here(&here);
  const death d{say_why, why, 0, nullptr, nullptr, true, false};
  report_death(d, here, others::stay_frozen);
  end(exit_fatal);
}

extern "C" void rt0_die_of_overflow(void* ucontext) {
  const death d{say_overflow, nullptr, 0, nullptr, ucontext, true, false};
  report_death(d, registers_of(ucontext), others::stay_frozen);
  end(exit_fatal);
}

extern "C" void rt0_report_signal(int signal, const void* info, const void* ucontext) {
  if (!traceback_ready() || (signal == SIGABRT && terminate_reported())) return;
  registers here;
  rt0_registers_here(&here);
  if (ucontext != nullptr) here = registers_of(ucontext);
  const death d{say_signal, nullptr, signal, info, ucontext, false, false};
  report_death(d, here, others::stay_frozen);
}

}  // namespace rt0
