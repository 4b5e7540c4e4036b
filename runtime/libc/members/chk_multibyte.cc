// Rooms are in units of the destination: bytes, or wide characters.
#include "runtime/libc/members/chk.h"

#include <stdlib.h>
#include <wchar.h>

using rt0::libc::check;

RT0_EXPORT std::size_t __mbstowcs_chk(wchar_t* to, const char* from, std::size_t n, std::size_t room) {
  check(n <= room);
  return mbstowcs(to, from, n);
}

RT0_EXPORT std::size_t __mbsrtowcs_chk(wchar_t* to, const char** from, std::size_t n, mbstate_t* state,
                                       std::size_t room) {
  check(n <= room);
  return mbsrtowcs(to, from, n, state);
}

RT0_EXPORT std::size_t __mbsnrtowcs_chk(wchar_t* to, const char** from, std::size_t bytes, std::size_t n,
                                        mbstate_t* state, std::size_t room) {
  check(n <= room);
  return mbsnrtowcs(to, from, bytes, n, state);
}

RT0_EXPORT std::size_t __wcstombs_chk(char* to, const wchar_t* from, std::size_t n, std::size_t room) {
  check(n <= room);
  return wcstombs(to, from, n);
}

RT0_EXPORT std::size_t __wcsrtombs_chk(char* to, const wchar_t** from, std::size_t n, mbstate_t* state,
                                       std::size_t room) {
  check(n <= room);
  return wcsrtombs(to, from, n, state);
}

RT0_EXPORT std::size_t __wcsnrtombs_chk(char* to, const wchar_t** from, std::size_t count, std::size_t n,
                                        mbstate_t* state, std::size_t room) {
  check(n <= room);
  return wcsnrtombs(to, from, count, n, state);
}

RT0_EXPORT std::size_t __wcrtomb_chk(char* to, wchar_t c, mbstate_t* state, std::size_t room) {
  check(room >= MB_CUR_MAX);
  return wcrtomb(to, c, state);
}

RT0_EXPORT int __wctomb_chk(char* to, wchar_t c, std::size_t room) {
  check(room >= MB_CUR_MAX);
  return wctomb(to, c);
}
