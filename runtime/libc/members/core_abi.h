// What the ordinary members of librt0 call in the core: its few exported names that no user should.
#pragma once

extern "C" {
// Wakes up to count goroutines that wait for the address; returns how many.
int rt0_wake(const void* address, int count);
// Parks while *word == expected, as a wait for a once.
void rt0_wait_once(const int* word, int expected);
// Room for the running thread's _Unwind_Exception: not on the stack that is being unwound.
void* rt0_unwind_room();
// Ends the running thread, its stack unwound.
[[noreturn]] void rt0_thread_end(void* result);
}
