// What glibc's headers call fcntl under -D_FILE_OFFSET_BITS=64. musl's takes its argument as a word,
// whatever its type.
#include <fcntl.h>
#include <stdarg.h>

#include "runtime/base/export.h"

RT0_EXPORT int fcntl64(int fd, int command, ...) {
  va_list args;
  va_start(args, command);
  const long argument = va_arg(args, long);
  va_end(args);
  return fcntl(fd, command, argument);
}
