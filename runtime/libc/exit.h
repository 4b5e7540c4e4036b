// The end of the process.
#pragma once

namespace rt0::libc {

// exit(): thread_local destructors of the caller, atexit in reverse, fini_array in reverse, stdio,
// exit_group. The first goroutine that comes does it; others park for ever.
[[noreturn]] void run_exit(int status);

// fini_array is what runs last: the first entry of the atexit list, so that what a fini function registers
// still runs. Before the constructors.
void register_fini_array() noexcept;
// In a fork's child: who ended the parent is not here, unless it was the caller.
void exit_fork_child() noexcept;
// Somebody ends the process.
bool exit_begun() noexcept;

}  // namespace rt0::libc
