// Limits belong to the process, and prlimit says so to the kernel in one call. musl's setrlimit falls back
// to a call in every thread, by __synccall, which would link that into any program that raises its
// descriptor limit.
#include <sys/resource.h>

#include "runtime/base/export.h"

RT0_EXPORT int setrlimit(__rlimit_resource_t resource, const rlimit* limit) noexcept {
  return prlimit(0, static_cast<__rlimit_resource>(resource), limit, nullptr);
}

// The name under -D_FILE_OFFSET_BITS=64.
RT0_EXPORT int setrlimit64(__rlimit_resource_t resource, const rlimit64* limit) noexcept {
  return prlimit64(0, static_cast<__rlimit_resource>(resource), limit, nullptr);
}
