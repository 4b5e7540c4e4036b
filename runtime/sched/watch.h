// RT0_DEBUG=check=1, of goroutines: every move from one state to the next is looked at, and at each of them
// whether the G and its stack are whole.
//
// And a goroutine that leaves its M, before it does. A G that is watched has a bit in its status word, so
// that the inline casgstatus, which expects the bare state there, comes here by the branch that it has
// anyway; who is not watched pays nothing. Watched are all goroutines from the first on, if the key is set;
// not an M's g0 and gsignal, which have no states.
//
// What is looked at, first to last:
//
//   whole    the words at both ends of the G, and at the stack's low end, are what was written there. A
//            thread_local's overrun runs into the G's first word, since its TLS block ends there; another
//            stack's underrun, or a wild pointer, into the last; who used up a stack that the program gave,
//            which has no guard, the low end
//   from     the state that the mover knows, and an edge of status.h's table
//   mover    who may take this edge (status.h)
//   one      nobody else moves it meanwhile: an atomic step, where casgstatus itself has a look and a store
//
// Rejected: looks at every switch, without the bit: a second branch on the way that every park takes. A
// page that cannot be read in place of the word at the low end: slots have one, a program's stack has not.
#pragma once
#include "runtime/sched/g.h"

namespace rt0 {

// A new G, dead, is watched from now on.
void watch(g* gp) noexcept;
// The low end of a stack that a watched G will use.
void mark_stack(stack_bounds stack) noexcept;
// What of it was written over, as a report's words; nullptr: nothing, or it is not watched.
const char* damage_of(const g* gp) noexcept;

// The running goroutine leaves its M: it must be whole. Before anything reads %fs:0, which an overrun of a
// thread_local hits first.
void check_leaving() noexcept;
// In a signal's handler: where the running G's first word was written over, the report needs it back. That it
// was damaged stays to be seen.
void repair_for_report() noexcept;

}  // namespace rt0
