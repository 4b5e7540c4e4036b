// wait3 over wait4 (calls_process.cc), as glibc has it.
#include <sys/resource.h>
#include <sys/wait.h>

#include "runtime/base/export.h"

RT0_EXPORT pid_t wait3(int* status, int options, struct rusage* usage) {
  return wait4(-1, status, options, usage);
}
