// What every kernel thread of the process must do itself: setuid and its family, and blocking a signal that
// the runtime takes over. Each M is sent a signal of the runtime's own and runs the function in the handler,
// whatever it was doing: running a goroutine, asleep, in a system call.
//
// The world is not stopped for it: the Ms would change at different moments all the same, before the call
// returns; and an M in a system call, which no stop reaches, must be asked by a signal anyway.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// musl's SIGSYNCCALL: below its SIGRTMIN, in no set that sigfillset makes, and refused by its sigaction.
inline constexpr int call_signal = 34;

// ucontext: the interrupted code's, nullptr for the caller itself.
using call_on_m = void (*)(void* arg, void* ucontext);
enum class turns { one_by_one, all_at_once };

// Runs fn(arg) on every M, the caller's first; returns when all have. No M is made meanwhile. fn runs on
// gsignal with all signals blocked. Blocks the M; on a goroutine or on g0.
void on_every_m(call_on_m fn, void* arg, turns) noexcept RT0_REQUIRES(sched.births);

// By rt0_sighandler: somebody asks this M. signal-safe
void answer_call(m* mp, void* ucontext) noexcept;

}  // namespace rt0
