// Room stands before the count here, as glibc has it. stdio without locks is stdio: ours are cheap.
#include "runtime/libc/members/chk.h"

#include <stdio.h>

using rt0::libc::check;

namespace {

bool fits(std::size_t size, std::size_t count, std::size_t room) {
  std::size_t bytes;
  return !__builtin_mul_overflow(size, count, &bytes) && bytes <= room;
}

}  // namespace

RT0_EXPORT char* __fgets_chk(char* to, std::size_t room, int n, FILE* f) {
  check(n <= 0 || static_cast<std::size_t>(n) <= room);
  return fgets(to, n, f);
}

RT0_EXPORT std::size_t __fread_chk(void* to, std::size_t room, std::size_t size, std::size_t count, FILE* f) {
  check(fits(size, count, room));
  return fread(to, size, count, f);
}

RT0_EXPORT char* __fgets_unlocked_chk(char* to, std::size_t room, int n, FILE* f) {
  return __fgets_chk(to, room, n, f);
}

RT0_EXPORT std::size_t __fread_unlocked_chk(void* to, std::size_t room, std::size_t size, std::size_t count,
                                            FILE* f) {
  return __fread_chk(to, room, size, count, f);
}

// gets, which C11 took away: one line without its end.
RT0_EXPORT char* __gets_chk(char* to, std::size_t room) {
  std::size_t n = 0;
  for (int c; (c = getc(stdin)) != '\n';) {
    if (c == EOF) {
      if (n == 0 || ferror(stdin)) return nullptr;
      break;
    }
    check(n + 1 < room);
    to[n++] = static_cast<char>(c);
  }
  to[n] = 0;
  return to;
}
