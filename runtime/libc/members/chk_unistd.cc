#include "runtime/libc/members/chk.h"

#include <unistd.h>

using rt0::libc::check;

RT0_EXPORT ssize_t __read_chk(int fd, void* to, std::size_t n, std::size_t room) {
  check(n <= room);
  return read(fd, to, n);
}

RT0_EXPORT ssize_t __pread_chk(int fd, void* to, std::size_t n, off_t at, std::size_t room) {
  check(n <= room);
  return pread(fd, to, n, at);
}

RT0_EXPORT ssize_t __pread64_chk(int fd, void* to, std::size_t n, off_t at, std::size_t room) {
  return __pread_chk(fd, to, n, at, room);
}

RT0_EXPORT ssize_t __readlink_chk(const char* path, char* to, std::size_t n, std::size_t room) {
  check(n <= room);
  return readlink(path, to, n);
}

RT0_EXPORT ssize_t __readlinkat_chk(int dir, const char* path, char* to, std::size_t n, std::size_t room) {
  check(n <= room);
  return readlinkat(dir, path, to, n);
}
