#include "runtime/libc/members/chk.h"

#include <stdlib.h>
#include <unistd.h>

using rt0::libc::check;

RT0_EXPORT std::size_t __confstr_chk(int name, char* to, std::size_t n, std::size_t room) {
  check(n <= room);
  return confstr(name, to, n);
}

RT0_EXPORT int __getgroups_chk(int count, gid_t* to, std::size_t room) {
  check(count < 0 || static_cast<std::size_t>(count) * sizeof(gid_t) <= room);
  return getgroups(count, to);
}

RT0_EXPORT int __ttyname_r_chk(int fd, char* to, std::size_t n, std::size_t room) {
  check(n <= room);
  return ttyname_r(fd, to, n);
}

RT0_EXPORT int __ptsname_r_chk(int fd, char* to, std::size_t n, std::size_t room) {
  check(n <= room);
  return ptsname_r(fd, to, n);
}

RT0_EXPORT int __getlogin_r_chk(char* to, std::size_t n, std::size_t room) {
  check(n <= room);
  return getlogin_r(to, n);
}

RT0_EXPORT int __gethostname_chk(char* to, std::size_t n, std::size_t room) {
  check(n <= room);
  return gethostname(to, n);
}

RT0_EXPORT int __getdomainname_chk(char* to, std::size_t n, std::size_t room) {
  check(n <= room);
  return getdomainname(to, n);
}
