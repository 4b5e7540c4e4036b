// glibc also refuses jumps to frames that have returned. Which frames those are depends on the stack that
// the goroutine runs on, and a signal handler's differs; not checked.
#include "runtime/libc/members/chk.h"

#include <setjmp.h>

RT0_EXPORT [[noreturn]] void __longjmp_chk(__jmp_buf_tag* to, int value) { longjmp(to, value); }
