#include "runtime/libc/members/core_abi.h"

#include "runtime/base/export.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/sync/wait_table.h"

RT0_EXPORT int rt0_wake(const void* address, int count) { return rt0::wake(address, count); }

RT0_EXPORT void rt0_wait_once(const int* word, int expected) {
  (void)rt0::wait_if_equal(reinterpret_cast<const std::uint32_t*>(word), static_cast<std::uint32_t>(expected),
                           rt0::forever, rt0::wait_reason::once);
}

RT0_EXPORT void* rt0_unwind_room() { return &rt0::getg()->thread.unwind; }

RT0_EXPORT void rt0_thread_end(void* result) { rt0::libc::thread_end(result); }
