#include "runtime/libc/members/core_abi.h"

#include "runtime/base/export.h"
#include "runtime/libc/pthread/thread.h"

RT0_EXPORT void* rt0_unwind_room() { return &rt0::getg()->thread.unwind; }

RT0_EXPORT void rt0_thread_end(void* result) { rt0::libc::thread_end(result); }
RT0_EXPORT void rt0_goroutine_end() { rt0::libc::goroutine_end(); }
