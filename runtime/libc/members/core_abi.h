// What the ordinary members of librt0 call in the core: its few exported names that no user should.
#pragma once

extern "C" {
// Room for the running thread's _Unwind_Exception: not on the stack that is being unwound.
void* rt0_unwind_room();
// Ends the running thread, its stack unwound.
[[noreturn]] void rt0_thread_end(void* result);
// The same by rt::goexit.
[[noreturn]] void rt0_goroutine_end();
}
