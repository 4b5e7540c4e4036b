#include "runtime/libc/members/chk.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

using rt0::libc::check;

RT0_EXPORT char* __getcwd_chk(char* to, std::size_t n, std::size_t room) {
  check(n <= room);
  return getcwd(to, n);
}

// getwd, which POSIX.1-2008 took away.
RT0_EXPORT char* __getwd_chk(char* to, std::size_t room) {
  char* found = getcwd(to, room);
  check(found != nullptr || errno != ERANGE);
  return found;
}

RT0_EXPORT char* __realpath_chk(const char* path, char* to, std::size_t room) {
  check(room >= PATH_MAX);
  return realpath(path, to);
}
