// remove: a file, or else an empty folder.
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/base/export.h"

RT0_EXPORT int remove(const char* path) noexcept {
  const int result = unlink(path);
  return result < 0 && errno == EISDIR ? rmdir(path) : result;
}
