// nl_langinfo_l: musl's, and the items that only glibc has.
//
// libstdc++.a asks for them whenever a locale is not "C": the decimal point as a wide character, the wide
// names of days and months, the widths of money. musl answers an item that it does not know with "", whose
// address std::wcout would print as its decimal point, whose following bytes put_time would print as a
// format, and whose 0 moneypunct takes for "negative amounts stand in parentheses". The values are glibc's
// for C.UTF-8.
//
// musl's own function is renamed in our copy of its archive (third_party/musl).
#include <langinfo.h>
#include <wchar.h>

#include <cstdint>

#include "runtime/base/export.h"

extern "C" char* rt0_musl_nl_langinfo_l(nl_item, locale_t) noexcept;

namespace {

// Indexed from _NL_WABDAY_1, one literal so that no pointer needs relocation.
constexpr wchar_t wide_time[] =
    L"Sun\0Mon\0Tue\0Wed\0Thu\0Fri\0Sat\0"
    L"Sunday\0Monday\0Tuesday\0Wednesday\0Thursday\0Friday\0Saturday\0"
    L"Jan\0Feb\0Mar\0Apr\0May\0Jun\0Jul\0Aug\0Sep\0Oct\0Nov\0Dec\0"
    L"January\0February\0March\0April\0May\0June\0July\0August\0September\0October\0November\0December\0"
    L"AM\0PM\0"
    L"%a %b %e %H:%M:%S %Y\0%m/%d/%y\0%H:%M:%S\0%I:%M:%S %p\0"
    L"\0"          // era year
    L"%m/%d/%y\0"  // era date
    L"\0"          // alternative digits
    L"%a %b %e %H:%M:%S %Y\0%H:%M:%S";
static_assert(_NL_WDAY_1 == _NL_WABDAY_1 + 7 && _NL_WABMON_1 == _NL_WABDAY_1 + 14 &&
              _NL_WMON_1 == _NL_WABDAY_1 + 26);
static_assert(_NL_WAM_STR == _NL_WABDAY_1 + 38 && _NL_WD_T_FMT == _NL_WABDAY_1 + 40);
static_assert(_NL_WERA_YEAR == _NL_WABDAY_1 + 44 && _NL_WERA_T_FMT == _NL_WABDAY_1 + 48);

const wchar_t* wide_time_item(int index) noexcept {
  const wchar_t* text = wide_time;
  for (; index > 0; index--) text += wcslen(text) + 1;
  return text;
}

// A wide string or wide character under nl_langinfo's type: callers undo it by a cast or a union.
char* disguised(const wchar_t* text) noexcept { return reinterpret_cast<char*>(const_cast<wchar_t*>(text)); }
char* disguised(wchar_t c) noexcept { return reinterpret_cast<char*>(static_cast<std::uintptr_t>(c)); }

// The places of a sign or symbol, the numbers of digits: C says of none.
bool is_monetary_number(nl_item item) noexcept {
  return (item >= __INT_FRAC_DIGITS && item <= __N_SIGN_POSN) ||
         (item >= __INT_P_CS_PRECEDES && item <= __INT_N_SIGN_POSN);
}

}  // namespace

RT0_EXPORT char* nl_langinfo_l(nl_item item, locale_t l) {
  if (item >= _NL_WABDAY_1 && item <= _NL_WERA_T_FMT) return disguised(wide_time_item(item - _NL_WABDAY_1));
  if (is_monetary_number(item)) return const_cast<char*>("\377");  // glibc: unspecified
  switch (item) {
    case _NL_NUMERIC_DECIMAL_POINT_WC: return disguised(L'.');
    case _NL_NUMERIC_THOUSANDS_SEP_WC:
    case _NL_MONETARY_DECIMAL_POINT_WC:
    case _NL_MONETARY_THOUSANDS_SEP_WC: return disguised(L'\0');
    case CRNCYSTR: return const_cast<char*>("-");  // "symbol before the value"
    default: return rt0_musl_nl_langinfo_l(item, l);
  }
}

// libstdc++.a's and musl's name.
RT0_EXPORT char* __nl_langinfo_l(nl_item, locale_t) noexcept __attribute__((alias("nl_langinfo_l")));
