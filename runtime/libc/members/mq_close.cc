// mq_close: a queue's descriptor is one that the runtime may know.
#include <mqueue.h>
#include <sys/syscall.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"

RT0_EXPORT int mq_close(mqd_t queue) {
  return static_cast<int>(rt0::libc::blocking_call_errno(SYS_close, queue));
}
