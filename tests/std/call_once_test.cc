// std::call_once and pthread_once: once, everybody waits for it, a throwing callable leaves the flag unset
// for the next.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <pthread.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

TEST_CASE("called once; all wait until it is done") {
  std::once_flag once;
  std::atomic<int> calls{0}, early{0};
  bool finished = false;
  std::vector<std::thread> ts;
  for (int i = 0; i < 20; ++i)
    ts.emplace_back([&] {
      std::call_once(once, [&] {
        ++calls;
        for (int k = 0; k < 50; ++k) std::this_thread::yield();
        finished = true;
      });
      if (!finished) ++early;
    });
  for (std::thread& t : ts) t.join();
  CHECK(calls == 1);
  CHECK(early == 0);
}

TEST_CASE("a throwing callable: its caller gets the exception, another waiter tries") {
  std::once_flag once;
  std::atomic<int> calls{0}, thrown{0}, passed{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < 10; ++i)
    ts.emplace_back([&] {
      try {
        std::call_once(once, [&] {
          const int n = ++calls;
          std::this_thread::yield();
          if (n <= 3) throw std::runtime_error("not yet");
        });
        ++passed;
      } catch (const std::runtime_error&) {
        ++thrown;
      }
    });
  for (std::thread& t : ts) t.join();
  CHECK(calls == 4);
  CHECK(thrown == 3);
  CHECK(passed == 7);
}

TEST_CASE("arguments reach the callable; nested calls of different flags") {
  std::once_flag outer, inner;
  int value = 0;
  std::call_once(
      outer, [&](int n) { std::call_once(inner, [&] { value = n; }); }, 9);
  std::call_once(inner, [&] { value = 1; });
  CHECK(value == 9);
}

namespace {
pthread_once_t posix_once = PTHREAD_ONCE_INIT;
std::atomic<int> posix_calls{0};
bool posix_finished = false;
void posix_body() {
  ++posix_calls;
  for (int k = 0; k < 50; ++k) sched_yield();
  posix_finished = true;
}
}  // namespace

TEST_CASE("pthread_once") {
  std::atomic<int> wrong{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < 20; ++i)
    ts.emplace_back([&] {
      if (pthread_once(&posix_once, posix_body) != 0 || !posix_finished) ++wrong;
    });
  for (std::thread& t : ts) t.join();
  CHECK(posix_calls == 1);
  CHECK(wrong == 0);
}

// libgcc's unwinder makes its table by pthread_once if it finds this name, and without a lock otherwise.
extern "C" [[gnu::weak]] int __pthread_key_create(pthread_key_t*, void (*)(void*));

TEST_CASE("libgcc knows that there are threads") {
  CHECK(__pthread_key_create != nullptr);
  pthread_key_t key;
  CHECK(__pthread_key_create(&key, nullptr) == 0);
  CHECK(pthread_key_delete(key) == 0);
}

TEST_CASE("a function that is unwound by pthread_exit leaves the once to the next") {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static std::atomic<int> calls{0};
  std::thread([] { pthread_once(&once, [] { calls++, pthread_exit(nullptr); }); }).join();
  CHECK(calls == 1);
  pthread_once(&once, [] { calls++; });
  CHECK(calls == 2);
}
