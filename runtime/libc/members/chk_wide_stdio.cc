#include "runtime/libc/members/chk.h"

#include <wchar.h>

using rt0::libc::check;

// Room is in wide characters.
RT0_EXPORT wchar_t* __fgetws_chk(wchar_t* to, std::size_t room, int n, __FILE* f) {
  check(n <= 0 || static_cast<std::size_t>(n) <= room);
  return fgetws(to, n, f);
}

RT0_EXPORT wchar_t* __fgetws_unlocked_chk(wchar_t* to, std::size_t room, int n, __FILE* f) {
  return __fgetws_chk(to, room, n, f);
}
