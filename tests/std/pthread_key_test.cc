// pthread keys: a value a thread, destructors with the value, again while they store
// (PTHREAD_DESTRUCTOR_ITERATIONS = 4 times).
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <limits.h>
#include <pthread.h>

#include <atomic>
#include <thread>
#include <vector>

namespace {
template <class F>
void in_thread(F f) {
  std::thread(f).join();
}

pthread_key_t again_key;
std::atomic<int> calls{0};
}  // namespace

TEST_CASE("null at first, then each thread's own, across switches") {
  pthread_key_t key;
  REQUIRE(pthread_key_create(&key, nullptr) == 0);
  int mine = 0;
  CHECK(pthread_getspecific(key) == nullptr);
  CHECK(pthread_setspecific(key, &mine) == 0);
  std::atomic<int> wrong{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < 10; ++i)
    ts.emplace_back([&] {
      int own = 0;
      wrong += pthread_getspecific(key) != nullptr;
      pthread_setspecific(key, &own);
      for (int k = 0; k < 10; ++k) {
        std::this_thread::yield();
        wrong += pthread_getspecific(key) != &own;
      }
    });
  for (std::thread& t : ts) t.join();
  CHECK(wrong == 0);
  CHECK(pthread_getspecific(key) == &mine);
  CHECK(pthread_key_delete(key) == 0);
}

TEST_CASE("the destructor gets the value, and getspecific is already null inside it") {
  static std::atomic<void*> got;
  static std::atomic<bool> was_null;
  static pthread_key_t key;
  got = nullptr;
  was_null = false;
  REQUIRE(pthread_key_create(&key, [](void* v) {
            got = v;
            was_null = pthread_getspecific(key) == nullptr;
            std::this_thread::yield();
          }) == 0);
  int target = 0;
  in_thread([&] { pthread_setspecific(key, &target); });
  CHECK(got == &target);
  CHECK(was_null);
  got = nullptr;
  in_thread([&] {
    pthread_setspecific(key, &target);
    pthread_setspecific(key, nullptr);  // no value: no destructor
  });
  CHECK(got == nullptr);
  CHECK(pthread_key_delete(key) == 0);
}

TEST_CASE("a destructor that stores again is called four times, no more") {
  REQUIRE(pthread_key_create(&again_key, [](void* v) {
            ++calls;
            pthread_setspecific(again_key, v);
          }) == 0);
  calls = 0;
  in_thread([] { pthread_setspecific(again_key, &calls); });
  CHECK(calls == PTHREAD_DESTRUCTOR_ITERATIONS);
  CHECK(PTHREAD_DESTRUCTOR_ITERATIONS == 4);
  pthread_key_delete(again_key);
}

TEST_CASE("thread_local destructors come before key destructors") {
  static std::atomic<int> step;
  static std::atomic<int> tls_step, key_step;
  step = 0;
  struct at_exit {
    ~at_exit() { tls_step = ++step; }
  };
  pthread_key_t key;
  REQUIRE(pthread_key_create(&key, [](void*) { key_step = ++step; }) == 0);
  in_thread([&] {
    static thread_local at_exit e;
    (void)&e;
    pthread_setspecific(key, &step);
  });
  CHECK(tls_step == 1);
  CHECK(key_step == 2);
  pthread_key_delete(key);
}

TEST_CASE("a deleted key's slot comes back empty in every thread") {
  pthread_key_t first, second;
  REQUIRE(pthread_key_create(&first, nullptr) == 0);
  pthread_setspecific(first, &first);
  CHECK(pthread_key_delete(first) == 0);
  REQUIRE(pthread_key_create(&second, nullptr) == 0);
  CHECK(pthread_getspecific(second) == nullptr);
  CHECK(pthread_key_delete(second) == 0);
  CHECK(pthread_key_delete(second) != 0);
}

TEST_CASE("a hundred keys at once") {
  std::vector<pthread_key_t> keys(100);
  static std::atomic<long> destroyed;
  destroyed = 0;
  auto destroy = [](void* v) { destroyed += *static_cast<long*>(v); };
  for (pthread_key_t& k : keys) REQUIRE(pthread_key_create(&k, destroy) == 0);
  std::vector<long> values(100, 1);
  in_thread([&] {
    for (int i = 0; i < 100; ++i) pthread_setspecific(keys[i], &values[i]);
  });
  CHECK(destroyed == 100);
  for (pthread_key_t k : keys) CHECK(pthread_key_delete(k) == 0);
}
