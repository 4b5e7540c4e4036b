// What the ordinary members of librt0 call in the core: its few exported names that no user should.
#pragma once

namespace rt0 {
struct g;
}

extern "C" {
// Room for the running thread's _Unwind_Exception: not on the stack that is being unwound.
void* rt0_unwind_room();
// A thread has a request to end: what it waits for, or calls, open to cancellation, is interrupted.
void rt0_interrupt_to_end(rt0::g* thread);
// Ends the running thread, its stack unwound.
[[noreturn]] void rt0_thread_end(void* result);
}
