// 10,000 threads one after another: resident memory and the number of mappings stop growing after the first
// 1,000. A runtime that forgets one stack, TLS block, join record or thread-exit list per thread is caught
// here.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

namespace {

constexpr int warm_up = 1'000, total = 10'000;

struct usage {
  long resident_pages = 0;
  long mappings = 0;
};

usage measure() {
  usage u;
  long size = 0;
  std::ifstream("/proc/self/statm") >> size >> u.resident_pages;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) ++u.mappings;
  return u;
}

struct exit_counter {
  ~exit_counter();
  int touched = 0;
};
std::atomic<int> exits{0};
exit_counter::~exit_counter() { ++exits; }
thread_local exit_counter at_exit;

// What a thread commonly leaves behind: a thread_local with a destructor, heap blocks, some stack.
void body(int i, long& sum) {
  volatile char frame[4096];
  frame[i % 4096] = 1;
  at_exit.touched = i;
  std::string s(100 + i % 50, 'x');
  sum += static_cast<long>(s.size()) + frame[i % 4096];
}

void grows_not(bool detached) {
  measure();
  long sum = 0;
  usage before;
  for (int i = 0; i < total; ++i) {
    if (i == warm_up) before = measure();
    std::thread t(body, i, std::ref(sum));
    if (detached)
      t.detach();
    else
      t.join();
    while (exits != i + 1) std::this_thread::yield();  // its thread_local is gone: it is done with sum
  }
  const usage after = measure();
  INFO("pages " << before.resident_pages << " -> " << after.resident_pages << ", mappings " << before.mappings
                << " -> " << after.mappings);
  CHECK(sum > total * 100);
  // Less than a page in 100 threads, and a few mappings of slack for the heap.
  CHECK(after.resident_pages - before.resident_pages < (total - warm_up) / 100);
  CHECK(after.mappings - before.mappings <= 8);
}

}  // namespace

TEST_CASE("joined threads leave nothing") {
  exits = 0;
  grows_not(false);
  CHECK(exits == total);
}

TEST_CASE("detached threads leave nothing") {
  exits = 0;
  grows_not(true);
  CHECK(exits == total);
}
