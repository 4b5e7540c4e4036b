// How fclose closes its descriptor: musl's __stdio_close, but by the door of close(), so that the poller
// learns of it.
#include <sys/syscall.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"
#include "runtime/libc/musl_abi.h"

RT0_EXPORT int __stdio_close(rt0::libc::musl_file* f) {
  return static_cast<int>(rt0::libc::blocking_call_errno(SYS_close, f->fd));
}
