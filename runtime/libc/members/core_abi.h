// What the ordinary members of librt0 call in the core: its few exported names that no user should.
#pragma once

namespace rt0::libc {
struct musl_file;
}

extern "C" {
// Room for the running thread's _Unwind_Exception: not on the stack that is being unwound.
void* rt0_unwind_room();
// Ends the running thread, its stack unwound.
[[noreturn]] void rt0_thread_end(void* result);
// vfork: child(arg) runs in a new process on this one's memory, all signals blocked, and never returns; the
// goroutine waits until it has called exec or ended. Returns its id, or -errno.
long rt0_spawn(void (*child)(void*), void* arg);
// execve or execveat, by number. Returns -errno.
// May exit flush this FILE? True: it is locked, or nobody will unlock it.
bool rt0_lock_at_exit(rt0::libc::musl_file* f);
long rt0_exec(long nr, long a, long b, long c, long d, long e);
}
