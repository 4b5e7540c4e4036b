// Counts and sizes are in wide characters.
#include "runtime/libc/members/chk.h"

#include <wchar.h>

using rt0::libc::check;

RT0_EXPORT wchar_t* __wmemcpy_chk(wchar_t* to, const wchar_t* from, std::size_t n, std::size_t room) {
  check(n <= room);
  return wmemcpy(to, from, n);
}

RT0_EXPORT wchar_t* __wmemmove_chk(wchar_t* to, const wchar_t* from, std::size_t n, std::size_t room) {
  check(n <= room);
  return wmemmove(to, from, n);
}

RT0_EXPORT wchar_t* __wmempcpy_chk(wchar_t* to, const wchar_t* from, std::size_t n, std::size_t room) {
  return __wmemcpy_chk(to, from, n, room) + n;
}

RT0_EXPORT wchar_t* __wmemset_chk(wchar_t* to, wchar_t c, std::size_t n, std::size_t room) {
  check(n <= room);
  return wmemset(to, c, n);
}

RT0_EXPORT wchar_t* __wcscpy_chk(wchar_t* to, const wchar_t* from, std::size_t room) {
  check(wcslen(from) < room);
  return wcscpy(to, from);
}

RT0_EXPORT wchar_t* __wcpcpy_chk(wchar_t* to, const wchar_t* from, std::size_t room) {
  check(wcslen(from) < room);
  return wcpcpy(to, from);
}

RT0_EXPORT wchar_t* __wcsncpy_chk(wchar_t* to, const wchar_t* from, std::size_t n, std::size_t room) {
  check(n <= room);
  return wcsncpy(to, from, n);
}

RT0_EXPORT wchar_t* __wcpncpy_chk(wchar_t* to, const wchar_t* from, std::size_t n, std::size_t room) {
  check(n <= room);
  return wcpncpy(to, from, n);
}

RT0_EXPORT wchar_t* __wcsncat_chk(wchar_t* to, const wchar_t* from, std::size_t n, std::size_t room) {
  check(wcsnlen(to, room) + wcsnlen(from, n) < room);
  return wcsncat(to, from, n);
}

RT0_EXPORT wchar_t* __wcscat_chk(wchar_t* to, const wchar_t* from, std::size_t room) {
  return __wcsncat_chk(to, from, wcslen(from), room);
}
