// pthread_barrier_*: rounds, the one serial thread, destruction by the first that leaves; and pthread_spin_*.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

TEST_CASE("a count of nothing is EINVAL, sharing with another process is refused or granted, never ignored") {
  pthread_barrier_t b;
  CHECK(pthread_barrier_init(&b, nullptr, 0) == EINVAL);
  pthread_barrierattr_t attr;
  REQUIRE(pthread_barrierattr_init(&attr) == 0);
  int shared = -1;
  CHECK(pthread_barrierattr_getpshared(&attr, &shared) == 0);
  CHECK(shared == PTHREAD_PROCESS_PRIVATE);
  CHECK(pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_PRIVATE) == 0);
  CHECK(pthread_barrierattr_setpshared(&attr, 77) == EINVAL);
  CHECK(pthread_barrier_init(&b, &attr, 1) == 0);
  CHECK(pthread_barrier_wait(&b) == PTHREAD_BARRIER_SERIAL_THREAD);
  CHECK(pthread_barrier_destroy(&b) == 0);
  CHECK(pthread_barrierattr_destroy(&attr) == 0);
}

TEST_CASE("nobody leaves a round before all are there, and one of each round is the serial thread") {
  constexpr int threads = 8, rounds = 500;
  pthread_barrier_t b;
  REQUIRE(pthread_barrier_init(&b, nullptr, threads) == 0);
  std::atomic<int> arrived{0}, serial{0}, early{0};
  std::vector<std::thread> all;
  for (int i = 0; i < threads; i++) {
    all.emplace_back([&] {
      for (int round = 1; round <= rounds; round++) {
        arrived++;
        if (pthread_barrier_wait(&b) == PTHREAD_BARRIER_SERIAL_THREAD) serial++;
        if (arrived < round * threads) early++;
        pthread_barrier_wait(&b);
      }
    });
  }
  for (auto& t : all) t.join();
  CHECK(early == 0);
  CHECK(serial == rounds);
  CHECK(pthread_barrier_destroy(&b) == 0);
}

TEST_CASE("whoever leaves first may destroy the barrier and free its memory") {
  for (int i = 0; i < 300; i++) {
    auto* b = new pthread_barrier_t;
    REQUIRE(pthread_barrier_init(b, nullptr, 3) == 0);
    const auto wait = [b] {
      if (pthread_barrier_wait(b) != PTHREAD_BARRIER_SERIAL_THREAD) return;
      CHECK(pthread_barrier_destroy(b) == 0);
      *b = {};
      delete b;
    };
    std::thread one(wait), two(wait);
    wait();
    one.join();
    two.join();
  }
}

TEST_CASE("more threads than a barrier counts: they pass in groups") {
  pthread_barrier_t b;
  REQUIRE(pthread_barrier_init(&b, nullptr, 2) == 0);
  std::atomic<int> serial{0};
  std::vector<std::thread> all;
  for (int i = 0; i < 40; i++)
    all.emplace_back([&] { serial += pthread_barrier_wait(&b) == PTHREAD_BARRIER_SERIAL_THREAD; });
  for (auto& t : all) t.join();
  CHECK(serial == 20);
  CHECK(pthread_barrier_destroy(&b) == 0);
}

TEST_CASE("spin locks exclude, whatever happens to the holder") {
  pthread_spinlock_t lock;
  REQUIRE(pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE) == 0);
  CHECK(pthread_spin_lock(&lock) == 0);
  CHECK(pthread_spin_trylock(&lock) == EBUSY);
  CHECK(pthread_spin_unlock(&lock) == 0);
  long count = 0;
  std::vector<std::thread> all;
  for (int i = 0; i < 6; i++) {
    all.emplace_back([&] {
      for (int n = 0; n < 20'000; n++) {
        pthread_spin_lock(&lock);
        count++;
        if (n % 1000 == 0) std::this_thread::yield();
        pthread_spin_unlock(&lock);
      }
    });
  }
  for (auto& t : all) t.join();
  CHECK(count == 120'000);
  CHECK(pthread_spin_destroy(&lock) == 0);
}
