// How long a report takes: with ten goroutines 50 ms, with 100,000 in ten groups 2 s. Names, files and lines
// included, from a program with debug information. Of the CPU, since others may use it too; all else stands
// still meanwhile.
#include <rt/chan.h>
#include <rt/debug.h>
#include <rt/go.h>
#include <time.h>

#include <atomic>
#include <cstdio>
#include <string>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

namespace {

template <int Way>
[[gnu::noipa]] void wait_here(rt::chan<int> never) {
  never.recv();
}

std::atomic<int> arrived{0};

template <int Way>
void start(rt::chan<int> never, int count) {
  for (int i = 0; i < count; i++) {
    rt::go([never] {
      arrived++;
      wait_here<Way>(never);
    });
  }
}

double cpu_ms() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// How long a dump takes, and that it has what it should.
double dump_ms(const char* has) {
  const double begin = cpu_ms();
  const std::string text = rt::debug::stack(true);
  const double took = cpu_ms() - begin;
  CHECK(text.find(has) != std::string::npos);
  return took;
}

void await(int count) {
  while (arrived < count) rt::yield();
  for (int i = 0; i < 1000; i++) rt::yield();
}

TEST_CASE("a report is quick") {
  rt::chan<int> never(0);
  start<0>(never, 9);
  await(9);
  const double few = dump_ms("wait_here<0>");
  std::printf("10 goroutines, first report: %.1f ms\n", few);
  CHECK(few < 50);

  start<1>(never, 10'000), start<2>(never, 10'000), start<3>(never, 10'000), start<4>(never, 10'000);
  start<5>(never, 10'000), start<6>(never, 10'000), start<7>(never, 10'000), start<8>(never, 10'000);
  start<9>(never, 10'000), start<10>(never, 10'000);
  await(100'009);
  const double many = dump_ms("and 9999 more goroutines with this stack");
  std::printf("100,000 goroutines: %.1f ms\n", many);
  CHECK(many < 2000);
  never.close();
}

}  // namespace
