// What the ordinary members of librt0 call in the core: its few exported names that no user should.
#pragma once
#include <cstdint>

#include "runtime/io/netpoll.h"
#include "runtime/mem/heap.h"

namespace rt0 {
struct g;
}
namespace rt0::libc {
struct musl_file;
}

extern "C" {
// Room for the running thread's _Unwind_Exception: not on the stack that is being unwound.
void* rt0_unwind_room();
// A thread has a request to end: what it waits for, or calls, open to cancellation, is interrupted.
void rt0_interrupt_to_end(rt0::g* thread);
// Ends the running thread, its stack unwound.
[[noreturn]] void rt0_thread_end(void* result);
// heap_measure and heap_trim.
void rt0_heap_measure(rt0::heap_figures*);
bool rt0_heap_trim();
// The same by rt::goexit.
[[noreturn]] void rt0_goroutine_end();
// vfork: child(arg) runs in a new process on this one's memory, all signals blocked, and never returns; the
// goroutine waits until it has called exec or ended. Returns its id, or -errno.
long rt0_spawn(void (*child)(void*), void* arg);
// execve or execveat, by number. Returns -errno.
long rt0_exec(long nr, long a, long b, long c, long d, long e);
// May exit flush this FILE? True: it is locked, or nobody will unlock it.
bool rt0_lock_at_exit(rt0::libc::musl_file* f);

// One operation, tried without blocking; -EAGAIN, or -EOPNOTSUPP: it has to be completed. seen: for that.
long rt0_io_try(const rt0::ring_op* op, rt0::io_seen* seen);
// Parks until it is done: its result, -ETIMEDOUT after deadline_ns, -ECANCELED after rt0_io_cancel.
long rt0_io_complete(const rt0::ring_op* op, const rt0::io_seen* tried, std::int64_t deadline_ns,
                     rt0::io_waiter* waiter);
void rt0_io_cancel(rt0::io_waiter* waiter);
// No "would block" for poll: regular files, directories, block devices. Remembered for the first read.
bool rt0_io_on_disk(int fd);
// Nothing is remembered of this number: it is about to be closed.
void rt0_io_forget(int fd);
}
