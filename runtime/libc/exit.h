// The end of the process.
#pragma once

namespace rt0::libc {

// exit(): TLS destructors of the caller, atexit in reverse, fini_array in reverse, stdio, exit_group. The
// first goroutine that comes does it; others park for ever.
[[noreturn]] void run_exit(int status);

}  // namespace rt0::libc
