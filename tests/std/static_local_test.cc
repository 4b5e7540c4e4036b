// Function-local statics: made once though many threads come at once and the constructor switches; a throw
// leaves it unmade.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

std::atomic<int> made{0}, attempts{0};

struct slow {
  int value = 0;
  slow() {
    ++made;
    for (int i = 0; i < 20; ++i) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    value = 5;
  }
};
slow& the_slow() {
  static slow s;
  return s;
}

struct third_time {
  third_time() {
    const int n = ++attempts;
    std::this_thread::yield();
    if (n < 3) throw std::runtime_error("not yet");
  }
};
void make_third_time() { static third_time t; }

}  // namespace

TEST_CASE("contended: one construction, nobody sees it half made") {
  std::atomic<int> wrong{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < 20; ++i) ts.emplace_back([&] { wrong += the_slow().value != 5; });
  for (std::thread& t : ts) t.join();
  CHECK(made == 1);
  CHECK(wrong == 0);
}

TEST_CASE("a constructor that throws: the next thread tries") {
  std::atomic<int> thrown{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < 10; ++i)
    ts.emplace_back([&] {
      try {
        make_third_time();
      } catch (const std::runtime_error&) {
        ++thrown;
      }
    });
  for (std::thread& t : ts) t.join();
  CHECK(attempts == 3);
  CHECK(thrown == 2);
}
