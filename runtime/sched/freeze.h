// Freezing: every other M stays where it is, at whatever instruction, with its registers known, while one
// reports. For tracebacks: nothing moves, and no lock is needed nor to be had, since its holder may be
// frozen.
//
// Not a stop of the world, which waits until goroutines come to the scheduler: a report must see them where
// they are, also the one that holds the scheduler's lock, and a crash cannot wait.
//
//   none --asked, and call_signal--> asked --the M's handler--> frozen --thaw_others--> none
//                                      +---------------- thaw_others, it was too slow ----^
//
// Who wants to report while another does is asked like everybody else, and stays frozen until its turn.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// The running M reports from now on. `here`: its own registers, for another that reports first. False: it
// does already. All signals are blocked on this M but faults. Any stack, any state.
bool freeze_others(const registers& here) noexcept;
// Likewise, but nobody is asked to stay where he is. A fork does, too, its call_signal not blocked, so that
// no report is half made in its copy: when it has all locks, since who reports may hold some.
bool claim_report(const registers& here) noexcept;
void thaw_others() noexcept;

// The running M is the one that reports. signal-safe
bool is_reporting() noexcept;

// Where gp's M was frozen; nullptr: it was not, in time, or is the running one.
const registers* frozen_registers(const m* mp) noexcept;

// By rt0_sighandler. signal-safe
void answer_freeze(m* mp, void* ucontext) noexcept;

}  // namespace rt0
