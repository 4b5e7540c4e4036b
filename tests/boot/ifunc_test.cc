// IRELATIVE relocations: target_clones and hand-written resolvers, among them one that needs what is set up
// late (a stack-protected frame, a thread_local). Built with -fstack-protector-all, so that every function
// reads the canary.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <numeric>
#include <thread>
#include <vector>

namespace {

thread_local int resolver_ran = 0;
int calls_of_resolver = 0;

[[gnu::target_clones("avx2", "sse4.2", "default")]] long sum(const int* p, long n) {
  long s = 0;
  for (long i = 0; i < n; ++i) s += p[i];
  return s;
}

int answer_a() { return 41; }

}  // namespace

extern "C" {
// The resolver keeps a buffer (so its frame is protected) and writes a thread_local: both need %fs.
static int (*resolve_answer())() {
  volatile char buffer[64];
  for (char& c : const_cast<char(&)[64]>(buffer)) c = 1;
  resolver_ran = buffer[3];
  ++calls_of_resolver;
  return answer_a;
}
int rt0_test_answer() __attribute__((ifunc("resolve_answer")));
}

TEST_CASE("target_clones picks one that works, in main and in a thread") {
  std::vector<int> v(1001);
  std::iota(v.begin(), v.end(), 0);
  CHECK(sum(v.data(), 1001) == 500'500);
  long in_thread = 0;
  std::thread([&] { in_thread = sum(v.data(), 1001); }).join();
  CHECK(in_thread == 500'500);
}

TEST_CASE("a resolver with a protected frame and a thread_local") {
  CHECK(rt0_test_answer() == 41);
  CHECK(calls_of_resolver >= 1);
  int (*volatile pointer)() = rt0_test_answer;
  CHECK(pointer() == 41);
}
