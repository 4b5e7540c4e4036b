#include "runtime/libc/members/chk.h"

#include <string.h>

using rt0::libc::check;

RT0_EXPORT void* __memcpy_chk(void* to, const void* from, std::size_t n, std::size_t room) {
  check(n <= room);
  return memcpy(to, from, n);
}

RT0_EXPORT void* __memmove_chk(void* to, const void* from, std::size_t n, std::size_t room) {
  check(n <= room);
  return memmove(to, from, n);
}

RT0_EXPORT void* __mempcpy_chk(void* to, const void* from, std::size_t n, std::size_t room) {
  check(n <= room);
  return mempcpy(to, from, n);
}

RT0_EXPORT void* __memset_chk(void* to, int byte, std::size_t n, std::size_t room) {
  check(n <= room);
  return memset(to, byte, n);
}

RT0_EXPORT void __explicit_bzero_chk(void* to, std::size_t n, std::size_t room) {
  check(n <= room);
  explicit_bzero(to, n);
}

RT0_EXPORT char* __strcpy_chk(char* to, const char* from, std::size_t room) {
  const std::size_t n = strlen(from);
  check(n < room);
  memcpy(to, from, n + 1);
  return to;
}

RT0_EXPORT char* __stpcpy_chk(char* to, const char* from, std::size_t room) {
  return __strcpy_chk(to, from, room) + strlen(from);
}

RT0_EXPORT char* __strncpy_chk(char* to, const char* from, std::size_t n, std::size_t room) {
  check(n <= room);
  return strncpy(to, from, n);
}

RT0_EXPORT char* __stpncpy_chk(char* to, const char* from, std::size_t n, std::size_t room) {
  check(n <= room);
  return stpncpy(to, from, n);
}

RT0_EXPORT char* __strncat_chk(char* to, const char* from, std::size_t n, std::size_t room) {
  const std::size_t before = strnlen(to, room), added = strnlen(from, n);
  check(before + added < room);
  memcpy(to + before, from, added);
  to[before + added] = 0;
  return to;
}

RT0_EXPORT char* __strcat_chk(char* to, const char* from, std::size_t room) {
  return __strncat_chk(to, from, strlen(from), room);
}
