#include "runtime/libc/members/core_abi.h"

#include "runtime/base/export.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/sched/interrupt.h"

RT0_EXPORT void* rt0_unwind_room() { return &rt0::getg()->thread.unwind; }

RT0_EXPORT void rt0_interrupt_to_end(rt0::g* thread) { rt0::interrupt(thread, rt0::attend_cancel); }

RT0_EXPORT void rt0_thread_end(void* result) { rt0::libc::thread_end(result); }
