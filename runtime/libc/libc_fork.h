// musl's own locks around fork.
//
// Its tables (locales, time zone, random, syslog, open FILEs, translations) are locked by the parent, so that
// the child finds them whole. FILEs are not: a thread that waits in a read of stdin holds its lock for as
// long as it likes, and no fork may wait for it. In the child a FILE that somebody else held is free, its
// buffer as it was at that moment (glibc's rule, fresetlockfiles).
#pragma once
#include "runtime/libc/musl_abi.h"

namespace rt0::libc {

// Takes the locks. On a goroutine; parks. Returns where the list of FILEs begins, nullptr if there is none.
musl_file** libc_fork_prepare() noexcept;
// In both processes.
void libc_fork_release() noexcept;
// In the child, before that. The wait table is empty.
void libc_fork_child(musl_file** files) noexcept;

}  // namespace rt0::libc
