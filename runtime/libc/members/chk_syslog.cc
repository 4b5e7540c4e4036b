#include "runtime/libc/members/chk.h"

#include <stdarg.h>
#include <syslog.h>

RT0_EXPORT void __vsyslog_chk(int priority, int, const char* format, va_list args) {
  vsyslog(priority, format, args);
}

RT0_EXPORT void __syslog_chk(int priority, int, const char* format, ...) {
  va_list args;
  va_start(args, format);
  vsyslog(priority, format, args);
  va_end(args);
}
