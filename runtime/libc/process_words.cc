// Words that compiled code expects of any process: errno's address, crtbegin's handle, libstdc++'s "only
// one thread" flag, and where the stack protector and fortified functions end.
#include <stdlib.h>

#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/base/report.h"
#include "runtime/sched/g.h"

// Identifies the program to __cxa_atexit. Normally crtbegin.o's, which is not linked (T1).
RT0_EXPORT void* __dso_handle;
void* __dso_handle = nullptr;

// shared_ptr, locale and static guards skip their atomics while it is true. Never: goroutines are always
// threads.
RT0_EXPORT char __libc_single_threaded;
char __libc_single_threaded = 0;

namespace rt0::libc {

// errno belongs to the goroutine. Two names: glibc's headers use the first, musl's members the second (T17).
RT0_EXPORT [[gnu::const]] int* __errno_location() noexcept { return &getg()->tcb.err; }
RT0_EXPORT [[gnu::const]] int* ___errno_location() noexcept { return &getg()->tcb.err; }

// Frames with protected arrays call it when the canary was overwritten: nothing on this stack can be
// trusted any more.
RT0_EXPORT [[noreturn]] void __stack_chk_fail() noexcept {
  { report() << "*** stack smashing detected ***: terminated\n"; }
  abort();
}

// The fortified functions' (runtime/libc/members/chk_*.cc) end: a write past a buffer's known size.
RT0_EXPORT [[noreturn]] void __chk_fail() noexcept {
  { report() << "*** buffer overflow detected ***: terminated\n"; }
  abort();
}

}  // namespace rt0::libc
