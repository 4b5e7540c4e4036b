// What libstdc++, doctest and most programs ask of the C library besides threads and stdio: strings, numbers,
// time, strerror_r, sysconf, getentropy, environment, qsort, setjmp, regcomp, math. Several of these lied in
// a first trial.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <limits.h>
#include <regex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <random>
#include <regex>
#include <string>
#include <system_error>
#include <vector>

TEST_CASE("mem and str functions at every small length and alignment") {
  char from[128], to[128];
  for (int i = 0; i < 128; ++i) from[i] = static_cast<char>(i + 1);
  int wrong = 0;
  for (size_t n = 0; n <= 64; ++n)
    for (size_t a = 0; a < 16; ++a) {
      memset(to, 0, sizeof to);
      memcpy(to + a, from + 16 - a, n);
      wrong += memcmp(to + a, from + 16 - a, n) != 0 || to[a + n] != 0;
      memcpy(to, from, sizeof to);
      memmove(to + a, to + 8, n);
      wrong += memcmp(to + a, from + 8, n) != 0;
      memmove(to + 8, to, n);
      memset(to, 'x', n);
      to[n] = 0;
      wrong += strlen(to) != n || (n != 0 && memchr(to, 0, n) != nullptr);
    }
  CHECK(wrong == 0);
  CHECK(strstr("a needle here", "needle") != nullptr);
  CHECK(strrchr("a/b/c", '/') != nullptr);
  CHECK(strcasecmp("HeLLo", "hEllO") == 0);
  char* copy = strdup("dup");
  CHECK(std::string(copy) == "dup");
  free(copy);
}

TEST_CASE("strerror_r is the GNU one under g++, and error_code messages work") {
  char buf[64];
  const char* text = strerror_r(ENOENT, buf, sizeof buf);  // char*, by _GNU_SOURCE
  CHECK(std::string(text) == "No such file or directory");
  CHECK(std::string(strerror(EACCES)) == "Permission denied");
  CHECK(std::make_error_code(std::errc::timed_out).message().find("timed out") != std::string::npos);
  CHECK(std::string(strerror_r(99'999, buf, sizeof buf)).size() > 0);
}

TEST_CASE("sysconf") {
  CHECK(sysconf(_SC_PAGESIZE) == 4096);
  CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
  CHECK(sysconf(_SC_NPROCESSORS_CONF) >= 1);
  CHECK(sysconf(_SC_SIGSTKSZ) >= 2048);
  CHECK(sysconf(_SC_MINSIGSTKSZ) >= 1024);
  CHECK(sysconf(_SC_SIGSTKSZ) >= sysconf(_SC_MINSIGSTKSZ));
  CHECK(sysconf(_SC_CLK_TCK) == 100);
  CHECK(sysconf(_SC_OPEN_MAX) > 0);
  CHECK(sysconf(_SC_PHYS_PAGES) > 1000);
  errno = 0;
  CHECK(sysconf(99'999) == -1);
  CHECK(errno == EINVAL);
}

TEST_CASE("getentropy and random_device") {
  unsigned char a[32] = {}, b[32] = {};
  CHECK(getentropy(a, sizeof a) == 0);
  CHECK(getentropy(b, sizeof b) == 0);
  CHECK(memcmp(a, b, sizeof a) != 0);
  unsigned char too_much[257];
  CHECK(getentropy(too_much, sizeof too_much) == -1);
  std::random_device rd;
  CHECK((rd() | rd() | rd()) != 0);
}

TEST_CASE("time: clocks go forward, gmtime and mktime agree, strftime") {
  timespec a, b;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &a) == 0);
  CHECK(clock_gettime(CLOCK_MONOTONIC, &b) == 0);
  CHECK((b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec)));
  setenv("TZ", "UTC", 1);
  tzset();
  const time_t t = 1'700'000'000;
  tm g{};
  CHECK(gmtime_r(&t, &g) == &g);
  CHECK(g.tm_year == 123);
  CHECK(g.tm_hour == 22);
  CHECK(mktime(&g) == t);
  char text[64];
  CHECK(strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &g) == 19);
  CHECK(std::string(text) == "2023-11-14T22:13:20");
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  CHECK(std::abs(std::chrono::duration_cast<std::chrono::seconds>(wall).count() - time(nullptr)) <= 1);
  CHECK(clock() >= 0);
}

TEST_CASE("numbers: strtol, strtod, from_chars, to_chars, to_string") {
  errno = 0;
  char* end = nullptr;
  CHECK(strtol("0x7fz", &end, 0) == 127);
  CHECK(*end == 'z');
  CHECK(strtol("99999999999999999999", nullptr, 10) == LONG_MAX);
  CHECK(errno == ERANGE);
  CHECK(strtod("1.25e2", nullptr) == 125);
  double d = 0;
  const char text[] = "0.1";
  CHECK(std::from_chars(text, text + 3, d).ec == std::errc{});
  CHECK(d == 0.1);
  char out[32];
  auto r = std::to_chars(out, out + 32, 1.0 / 3);
  CHECK(std::string(out, r.ptr) == "0.3333333333333333");
  CHECK(std::to_string(-17) == "-17");
  CHECK(std::stoul("42") == 42);
}

TEST_CASE("environment") {
  CHECK(setenv("RT0_TEST_VARIABLE", "value", 1) == 0);
  CHECK(std::string(getenv("RT0_TEST_VARIABLE")) == "value");
  CHECK(unsetenv("RT0_TEST_VARIABLE") == 0);
  CHECK(getenv("RT0_TEST_VARIABLE") == nullptr);
}

TEST_CASE("qsort and bsearch with a callback that throws nothing; std::sort agrees") {
  std::vector<int> a(1000);
  std::mt19937 r(1);
  for (int& x : a) x = static_cast<int>(r());
  std::vector<int> b = a;
  auto by_value = [](const void* x, const void* y) {
    const int i = *static_cast<const int*>(x), k = *static_cast<const int*>(y);
    return (i > k) - (i < k);
  };
  qsort(a.data(), a.size(), sizeof(int), by_value);
  std::sort(b.begin(), b.end());
  CHECK(a == b);
  CHECK(bsearch(&a[500], a.data(), a.size(), sizeof(int), by_value) != nullptr);
}

TEST_CASE("setjmp and longjmp") {
  jmp_buf env;
  volatile int passes = 0;
  const int rc = setjmp(env);
  passes = passes + 1;
  if (rc == 0) longjmp(env, 7);
  CHECK(rc == 7);
  CHECK(passes == 2);
}

TEST_CASE("POSIX regexec fills glibc's regmatch_t, std::regex works") {
  regex_t re;
  REQUIRE(regcomp(&re, "b(c+)d", REG_EXTENDED) == 0);
  regmatch_t m[4];
  memset(m, 0x55, sizeof m);
  CHECK(regexec(&re, "abcccde", 3, m, 0) == 0);
  CHECK(m[0].rm_so == 1);
  CHECK(m[0].rm_eo == 6);
  CHECK(m[1].rm_so == 2);
  CHECK(m[1].rm_eo == 5);
  CHECK(m[2].rm_so == -1);
  CHECK(m[3].rm_so == 0x55555555);  // beyond nmatch: untouched
  regfree(&re);
  CHECK(std::regex_match("key=value", std::regex("([a-z]+)=([a-z]+)")));
}

TEST_CASE("raise reaches this process' handler") {
  static std::atomic<int> got;
  got = 0;
  struct sigaction sa {
  }, old{};
  sa.sa_handler = [](int s) { got = s; };
  REQUIRE(sigaction(SIGUSR1, &sa, &old) == 0);
  CHECK(raise(SIGUSR1) == 0);
  CHECK(got == SIGUSR1);
  sigaction(SIGUSR1, &old, nullptr);
}

TEST_CASE("libm") {
  volatile double two = 2, x = 0.5;
  CHECK(std::pow(two, 10.0) == 1024);
  CHECK(std::sqrt(two) == doctest::Approx(1.41421356));
  CHECK(std::atan2(x, x) == doctest::Approx(0.78539816));
  CHECK(std::tgamma(5.0 * x * two) == doctest::Approx(24));
  CHECK(std::isnan(std::log(-two)));
  CHECK(std::fma(two, x, 1.0) == 2);
  CHECK(std::popcount(0xffu) == 8);
}
