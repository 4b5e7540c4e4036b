// A debugger's call of a function of the program: the protocol between debug_call.S, runtime/go/debug_call.cc
// and the debugger (tools/rt0db/debug_call.h), which is told things by int3s at known places.
//
// The debugger stops all threads, chooses one at a safe place, and sends it here, as inject_asyncpreempt
// does: DEBUG_CALL_ENTRY_BYTES below its rsp, that is beyond the red zone, it writes the token and the pc,
// and sets rsp and rip. A system call that the thread was in has failed with EINTR then, where the runtime's
// own code made it; a program's own is not to be disturbed. Nor is a thread with m->insig or, but in the
// netpoller, m->locks: all its signals may be blocked, and the kernel answers an int3 under a blocked SIGTRAP
// by taking our handler away. Then it lets all threads run.
//
//   rt0_debug_call           the thread comes in
//     refused, nowhere       rdi: why. The registers may be set to what they were, or it goes on by itself
//     resumed                all registers are as they were, but rsp and rip, which are on the stack
//   rt0_debug_call_run       a fresh goroutine. r12: the token
//     ready                  rsi: it may use its stack down to there; rdx: its goid. Wanted, by the SysV
//                            ABI: arguments in registers and from rsp up; in r11 the function, 0: none
//     returned               rax, rdx, xmm0, xmm1, st(0)
//     threw                  rdi: the type's name, mangled, or 0; rsi: what(), or 0
//     ended                  by pthread_exit, rt::goexit or cancellation
//
// The token is the debugger's name for the call. With DEBUG_CALL_HOLDS in it, the goroutine that came in
// waits until the call is over; else it, or the idle thread, goes on at once.
//
// An int3 that no debugger catches does nothing: the signal's handler returns (runtime/sched/signal.cc).
#pragma once
#include <cstdint>
#include <initializer_list>

#include "rt0/layout.h"

namespace rt0 {

extern "C" {
void rt0_debug_call();
void rt0_debug_call_run(std::uint64_t token, std::uintptr_t lo, std::uint64_t goid);

// The places.
extern const char rt0_debug_call_nowhere[], rt0_debug_call_refused[], rt0_debug_call_resumed[];
extern const char rt0_debug_call_ready[], rt0_debug_call_returned[], rt0_debug_call_threw[],
    rt0_debug_call_ended[];
// Where an exception that leaves the function is led to.
extern const char rt0_debug_call_landing[];
}

// As the debugger reads them, in rt0_debugger_table.
struct debug_call_places {
  void (*entry)();
  const char *nowhere, *refused, *resumed, *ready, *returned, *threw, *ended;
};

inline constexpr debug_call_places debug_call_table = {
    rt0_debug_call,       rt0_debug_call_nowhere,  rt0_debug_call_refused, rt0_debug_call_resumed,
    rt0_debug_call_ready, rt0_debug_call_returned, rt0_debug_call_threw,   rt0_debug_call_ended};

inline bool is_debug_call_place(std::uintptr_t pc) noexcept {
  const debug_call_places& at = debug_call_table;
  for (const char* place : {at.nowhere, at.refused, at.resumed, at.ready, at.returned, at.threw, at.ended}) {
    if (pc == reinterpret_cast<std::uintptr_t>(place)) return true;
  }
  return false;
}

// The interrupted thread was in the kernel: pc is behind a system call instruction. It lies in readable code.
inline bool is_behind_syscall(std::uintptr_t pc) noexcept {
  constexpr std::uint8_t opcode[] = {0x0f, 0x05};
  const auto* code = reinterpret_cast<const std::uint8_t*>(pc) - sizeof opcode;
  return code[0] == opcode[0] && code[1] == opcode[1];
}

}  // namespace rt0
