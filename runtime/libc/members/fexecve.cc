// fexecve: the program that a descriptor is open for.
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"
#include "runtime/libc/members/core_abi.h"

RT0_EXPORT int fexecve(int fd, char* const argv[], char* const envp[]) {
  using rt0::libc::as_word;
  const long failed = rt0_exec(SYS_execveat, fd, as_word(""), as_word(argv), as_word(envp), AT_EMPTY_PATH);
  errno = static_cast<int>(-failed);
  return -1;
}
