// The stack switches of switch.S, with their C++ signatures.
//
// Registers across every one of them: the callee-saved ones, mxcsr and the x87 control word belong to the
// goroutine and are kept on its own stack; all others are dead, as at any call.
#pragma once
#include "rt0/gobuf.h"

namespace rt0 {

extern "C" {
// Leaves the running goroutine: saves it in its gobuf, goes to this M's g0 and calls fn(goroutine), which
// never returns. Returns when somebody resumes the gobuf. On g0: badmcall.
void rt0_mcall(void (*fn)(g*));

// Runs fn(arg) on this M's g0 stack and returns. Already on g0, or in a signal handler: a plain call.
void rt0_systemstack(void (*fn)(void*), void* arg);

// Goes on where buf says, with %fs = buf->g. Clears buf's sp, ret, ctxt and bp.
[[noreturn]] void rt0_gogo(gobuf* buf);

// Goroutine to goroutine without g0: saves the running one in *from, resumes *to.
// Returns when somebody resumes *from.
void rt0_switch(gobuf* from, gobuf* to);

// First code of a goroutine: gobuf.pc of a new one. Finishes the switch that led here, then runs ctxt.
void rt0_gostart();
// Return address of a goroutine's first function; never called. The CFI says: outermost frame.
void rt0_goexit();

// Where a goroutine that left by mcall or by a switch goes on: gobuf.pc of every parked one.
extern const char rt0_resume[];
// The pc that a goroutine shows while it waits in systemstack.
extern const char rt0_systemstack_switch[];
}

}  // namespace rt0
