// pclose: as musl's, but only the goroutine waits.
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#include "runtime/base/export.h"
#include "runtime/libc/musl_abi.h"

RT0_EXPORT int pclose(FILE* stream) {
  const pid_t pid = rt0::libc::insides(stream)->pipe_pid;
  fclose(stream);
  int status;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}
