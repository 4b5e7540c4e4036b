// What level zero calls: all of it. rt0_go's own call list, and what sys/image and the scheduler answer.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rt0 {

struct debugger_table;
struct g;
struct held_locks;
struct m;
struct preempt_frame;

extern "C" {
// --- sys/image: the program's own ELF image.

// The first C++ code: checks the link (PT_GNU_EH_FRAME) and applies DT_RELR and R_X86_64_RELATIVE.
// sp: the kernel's initial stack pointer. Exits 127 with one line when the link is wrong.
void rt0_relocate(const std::uintptr_t* sp);
// TLS image and TCB for g0. Returns where g0 is: the one given, or a larger block if PT_TLS does not fit
// below it.
g* rt0_tls_image(g* g0);
// 1 to 4: the x86-64 level that the binary was built for (its GNU property note; 1 if it has none).
std::uint32_t rt0_image_level();
// IRELATIVE relocations, whose resolvers may use %fs; then RELRO.
void rt0_irelative();
// The CPU lacks the level: one line on fd 2, exit 1.
[[noreturn]] void rt0_bad_cpu(std::uint32_t level);

// --- runtime: rt0_go's calls in their order.
void rt0_check();
void rt0_args(int argc, char** argv);
void rt0_osinit();
void rt0_schedinit();
void rt0_newproc(void (*fn)(void*), void* arg);
void rt0_main(void*);  // goroutine 1's function: what rt0_go passes to newproc
[[noreturn]] void rt0_mstart();
[[noreturn]] void rt0_abort();

// --- runtime: what switch.S calls.
void rt0_finish_switch();  // the new goroutine completes its predecessor's park
[[noreturn]] void rt0_goexit1();
[[noreturn]] void rt0_badmcall();
[[noreturn]] void rt0_badmcall2();
[[noreturn]] void rt0_badsystemstack();

// --- runtime: what signal.S and preempt.S call.
void rt0_sighandler(int signal, void* info, void* ucontext);  // on the M's signal stack
// The goroutine looks at what it is wanted for: signals, giving way. On its own stack; all of its registers
// are in `frame`, the extended ones at xstate. Returns where the frame is to be taken from.
preempt_frame* rt0_asyncpreempt2(preempt_frame* frame, void* xstate);

// --- runtime/signal: what the scheduler calls above itself.
void rt0_forget_signals(g* gp);  // of a goroutine that ended
// The program's handler of a fault, here: the goroutine's stack is used up. On the M's signal stack.
void rt0_handle_overflow(int signal, void* info, void* ucontext);

// --- runtime/unwind: what lower rooms call when the process cannot go on.
// "fatal error: why", the goroutines, status 2. Weak: tests of lower rooms are without it.
[[noreturn, gnu::weak]] void rt0_die(const char* why);
// The goroutine's stack is used up.
[[noreturn]] void rt0_die_of_overflow(void* ucontext);
// The process will die of this signal, and says where it was. info, ucontext: nullptr if it was not a fault.
void rt0_report_signal(int signal, const void* info, const void* ucontext);
// SIGQUIT, and the program wants nothing else: every goroutine, and the process goes on; dies if it is the
// second one within two seconds. ucontext: what it interrupted, or nullptr.
void rt0_report_quit(const void* ucontext);
// Before the second M: what the first walk of a stack would make ready, alone.
void rt0_prepare_walks();
// RT0_DEBUG=tracebackancestors=N: made, which the running goroutine has made and which has not begun, keeps
// where its maker is now, and what that keeps itself.
void rt0_save_ancestors(g* made);
// RT0_DEBUG=lockcycle=1: goroutines that wait for each other. True: there were some, and they were shown.
bool rt0_report_cycles();
// RT0_DEBUG=stall=MS: this goroutine runs on another M, for so long.
void rt0_report_stall(const g* gp, std::int64_t ms);
// Likewise: this M of this goroutine has been in one system call for so long.
void rt0_report_stalled_call(const m* mp, const g* gp, std::int64_t ms);
// A fault on the M that reports.
void rt0_fault_in_report(int signal, void* ucontext);

// --- runtime: what debug_call.S calls.
struct caught_text {
  const char *type, *what;  // the type's mangled name; nullptr: unknown, or none
};
// nullptr: code that was interrupted there may make a detour to start a goroutine. Or why it may not.
const char* rt0_debug_call_refusal(std::uintptr_t pc, std::uintptr_t sp);
// Starts the call's goroutine; returns when the interrupted code may go on. nullptr, or why not.
const char* rt0_debug_call_start(std::uint64_t token);
// An Itanium personality routine.
int rt0_debug_call_personality(int version, int actions, std::uint64_t exception_class, void* exception,
                               void* context);
// Between the two the exception is being handled.   what: DEBUG_CALL_EXCEPTION, DEBUG_CALL_FOREIGN
caught_text rt0_debug_call_caught(void* exception, int what);
void rt0_debug_call_forget();

// --- runtime: what note.S names.
extern const debugger_table rt0_debugger_table;

// --- runtime/sched: what the runtime's own lock asks, if it is checked. This M's list. Weak: as rt0_die.
[[gnu::weak]] held_locks* rt0_held_locks();

// --- the C library: what once.S names. An Itanium personality routine.
int rt0_once_personality(int version, int actions, std::uint64_t exception_class, void* exception,
                         void* context);

// --- the weak door to hosted mode: makes g0's TCB with a C library's help. Absent in pure mode.
[[gnu::weak]] void _cgo_init(g* g0, void (*setg)(g*), void*, void*);
}

}  // namespace rt0
