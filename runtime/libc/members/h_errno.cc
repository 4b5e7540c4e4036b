// h_errno belongs to the goroutine. musl's keeps it in one variable for every thread that it did not make
// itself.
#include <netdb.h>

#include "runtime/base/export.h"

namespace {

constinit thread_local int host_error = 0;

}  // namespace

RT0_EXPORT int* __h_errno_location() noexcept { return &host_error; }
