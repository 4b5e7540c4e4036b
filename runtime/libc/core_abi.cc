#include "runtime/libc/members/core_abi.h"

#include "runtime/base/export.h"
#include "runtime/libc/pthread/thread.h"

RT0_EXPORT void* rt0_unwind_room() { return &rt0::getg()->thread.unwind; }

RT0_EXPORT void rt0_thread_end(void* result) { rt0::libc::thread_end(result); }

RT0_EXPORT void rt0_heap_measure(rt0::heap_figures* to) { *to = rt0::heap_measure(); }

RT0_EXPORT bool rt0_heap_trim() { return rt0::heap_trim(); }

RT0_EXPORT void rt0_goroutine_end() { rt0::libc::goroutine_end(); }
