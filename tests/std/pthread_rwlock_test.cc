// pthread_rwlock: readers together, writers alone, the error codes, timeouts on both clocks.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <atomic>
#include <thread>
#include <vector>

namespace {
template <class F>
int in_thread(F f) {
  int rc = -1;
  std::thread([&] { rc = f(); }).join();
  return rc;
}
timespec after_ms(clockid_t clock, long ms) {
  timespec t;
  clock_gettime(clock, &t);
  t.tv_nsec += ms * 1'000'000;
  t.tv_sec += t.tv_nsec / 1'000'000'000;
  t.tv_nsec %= 1'000'000'000;
  return t;
}
}  // namespace

TEST_CASE("static initialiser: two readers, no writer; a writer, nobody else") {
  static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
  CHECK(pthread_rwlock_rdlock(&rw) == 0);
  CHECK(pthread_rwlock_rdlock(&rw) == 0);  // a reader may read again
  CHECK(in_thread([] { return pthread_rwlock_tryrdlock(&rw) ?: pthread_rwlock_unlock(&rw); }) == 0);
  CHECK(in_thread([] { return pthread_rwlock_trywrlock(&rw); }) == EBUSY);
  CHECK(pthread_rwlock_unlock(&rw) == 0);
  CHECK(pthread_rwlock_unlock(&rw) == 0);
  CHECK(pthread_rwlock_wrlock(&rw) == 0);
  CHECK(in_thread([] { return pthread_rwlock_tryrdlock(&rw); }) == EBUSY);
  CHECK(in_thread([] { return pthread_rwlock_trywrlock(&rw); }) == EBUSY);
  CHECK(pthread_rwlock_wrlock(&rw) == EDEADLK);
  CHECK(pthread_rwlock_rdlock(&rw) == EDEADLK);
  CHECK(pthread_rwlock_unlock(&rw) == 0);
}

TEST_CASE("init and destroy; timeouts") {
  pthread_rwlock_t rw;
  REQUIRE(pthread_rwlock_init(&rw, nullptr) == 0);
  CHECK(pthread_rwlock_wrlock(&rw) == 0);
  CHECK(in_thread([&] {
          const timespec t = after_ms(CLOCK_REALTIME, 20);
          return pthread_rwlock_timedrdlock(&rw, &t);
        }) == ETIMEDOUT);
  CHECK(in_thread([&] {
          const timespec t = after_ms(CLOCK_MONOTONIC, 20);
          return pthread_rwlock_clockwrlock(&rw, CLOCK_MONOTONIC, &t);
        }) == ETIMEDOUT);
  CHECK(pthread_rwlock_unlock(&rw) == 0);
  const timespec later = after_ms(CLOCK_REALTIME, 60'000);
  CHECK(pthread_rwlock_timedwrlock(&rw, &later) == 0);
  CHECK(pthread_rwlock_unlock(&rw) == 0);
  CHECK(pthread_rwlock_destroy(&rw) == 0);
}

TEST_CASE("contended: writers exclude all, every waiter passes") {
  pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
  int a = 0, b = 0;
  std::atomic<int> wrong{0}, reads{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < 8; ++i)
    ts.emplace_back([&, i] {
      for (int r = 0; r < 100; ++r) {
        if (i < 2) {
          wrong += pthread_rwlock_wrlock(&rw);
          ++a;
          std::this_thread::yield();
          ++b;
        } else {
          wrong += pthread_rwlock_rdlock(&rw);
          const int seen = a;
          if (r % 8 == 0) std::this_thread::yield();
          wrong += seen != b;
          ++reads;
        }
        pthread_rwlock_unlock(&rw);
      }
    });
  for (std::thread& t : ts) t.join();
  CHECK(wrong == 0);
  CHECK(a == 200);
  CHECK(reads == 600);
}
