// Where a report is made: by one M at a time, the others frozen (sched/freeze.h), on a stack of its own, so
// that it has room wherever the trouble is: in a goroutine's last page, on g0, in a signal's handler.
//
// It may meet stacks that are none, and tables that lie. What touches them runs under guarded(): a fault in
// it ends it, and the report goes on behind it. A fault elsewhere in a report ends the process, by its
// signal.
#pragma once
#include "rt0/arch.h"

namespace rt0 {

enum class others {
  go_on,        // when it is written
  stay_frozen,  // until the process is gone
  undisturbed,  // not frozen at all: what is read of them may change meanwhile
};

// Runs fn(arg) as the report. `here`: where its M is now. False: this M was reporting already, and fn did not
// run. Any stack, any state; the M may neither park nor be preempted meanwhile.
bool run_report(void (*fn)(void*), void* arg, const registers& here, others afterwards) noexcept;

// False: a fault ended fn. In a report; not nested.
bool guarded(void (*fn)(void*), void* arg) noexcept;
// Ends what runs under guarded().
[[noreturn]] void give_up_walk() noexcept;

}  // namespace rt0
