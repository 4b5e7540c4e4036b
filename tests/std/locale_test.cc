// Locales: "C", "C.UTF-8", "" from the environment, unknown names. On rt0 every name that ends in UTF-8 is
// C.UTF-8 under that name; glibc knows only what the machine has installed, so one case asks the name first
// there.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <langinfo.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <wchar.h>
#include <wctype.h>

#include <clocale>
#include <cstring>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

namespace {
// Linked the common way, glibc's programs have a dynamic loader and ours have none.
bool on_glibc() { return getauxval(AT_BASE) != 0; }
}  // namespace

TEST_CASE("C and C.UTF-8 exist; an unknown name throws") {
  CHECK(std::locale("C").name() == "C");
  CHECK(std::locale("POSIX") == std::locale::classic());
  CHECK(std::locale("C.UTF-8").name() == "C.UTF-8");
  CHECK_THROWS_AS(std::locale("no_SUCH"), std::runtime_error);
  CHECK_THROWS_AS(std::locale("xx_YY.ISO-8859-99"), std::runtime_error);
}

TEST_CASE("the empty name under LANG=en_US.UTF-8") {
  setenv("LANG", "en_US.UTF-8", 1);
  unsetenv("LC_ALL");
  unsetenv("LC_CTYPE");
  if (on_glibc() && !std::setlocale(LC_ALL, "en_US.UTF-8")) {
    MESSAGE("glibc here has no en_US.UTF-8: not run");
    return;
  }
  std::locale user("");
  CHECK(user.name().find("UTF-8") != std::string::npos);
  std::ostringstream o;
  o.imbue(std::locale(std::locale::classic(), user, std::locale::ctype));
  o << 1234567 << ' ' << 1.5;
  CHECK(o.str() == "1234567 1.5");
  CHECK(std::setlocale(LC_ALL, ""));
  CHECK(std::string(nl_langinfo(CODESET)) == "UTF-8");
}

TEST_CASE("the empty name under LANG=C.UTF-8 and under nothing") {
  unsetenv("LC_ALL");
  setenv("LANG", "C.UTF-8", 1);
  std::locale("");
  CHECK(std::setlocale(LC_ALL, ""));
  setenv("LANG", "C", 1);
  std::locale c("");
  CHECK(std::setlocale(LC_ALL, "C"));
}

TEST_CASE("setlocale of an unknown name is null and changes nothing") {
  REQUIRE(std::setlocale(LC_ALL, "C"));
  CHECK(std::setlocale(LC_ALL, "no_SUCH") == nullptr);
  CHECK(std::string(std::setlocale(LC_ALL, nullptr)) == "C");
}

TEST_CASE("multibyte conversion under C.UTF-8") {
  REQUIRE(std::setlocale(LC_ALL, "C.UTF-8"));
  wchar_t wide[16];
  CHECK(mbstowcs(wide, "h\u00e9\u20ac", 16) == 3);
  CHECK(wide[1] == L'\u00e9');
  CHECK(wide[2] == L'\u20ac');
  char narrow[16];
  CHECK(wcstombs(narrow, wide, 16) == 6);
  CHECK(std::strcmp(narrow, "h\u00e9\u20ac") == 0);
  CHECK(iswalpha(L'\u00e9'));
  CHECK(towupper(L'\u00e9') == L'\u00c9');
  std::setlocale(LC_ALL, "C");
}

TEST_CASE("ctype facets of the classic locale") {
  const std::locale& c = std::locale::classic();
  CHECK(std::isalpha('a', c));
  CHECK_FALSE(std::isalpha('1', c));
  CHECK(std::toupper('q', c) == 'Q');
  CHECK(std::isspace('\t', c));
  CHECK(std::isxdigit('F', c));
  CHECK(std::use_facet<std::numpunct<char>>(c).decimal_point() == '.');
  const std::string less = "a", more = "b";
  CHECK(c(less, more));  // a locale compares by its collate facet
}

TEST_CASE("put_time and get_time") {
  std::tm t{};
  t.tm_year = 124;
  t.tm_mon = 1;
  t.tm_mday = 29;
  t.tm_wday = 4;
  std::ostringstream o;
  o << std::put_time(&t, "%Y-%m-%d %a %B");
  CHECK(o.str() == "2024-02-29 Thu February");
  std::tm back{};
  std::istringstream("2024-02-29") >> std::get_time(&back, "%Y-%m-%d");
  CHECK(back.tm_mday == 29);
  CHECK(back.tm_mon == 1);
}

TEST_CASE("uselocale is a thread's own") {
  locale_t utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", nullptr);
  REQUIRE(utf8 != nullptr);
  REQUIRE(std::setlocale(LC_ALL, "C"));
  uselocale(utf8);
  CHECK(uselocale(nullptr) == utf8);
  std::thread([&] {
    CHECK(uselocale(nullptr) != utf8);
    std::this_thread::yield();
    CHECK(uselocale(nullptr) != utf8);
  }).join();
  CHECK(std::string(nl_langinfo(CODESET)) == "UTF-8");
  uselocale(LC_GLOBAL_LOCALE);
  freelocale(utf8);
}
