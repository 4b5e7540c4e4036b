// std::counting_semaphore, binary_semaphore and POSIX sem_t: counts, blocking, timeouts.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <semaphore.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <semaphore>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

TEST_CASE("never more inside than the count") {
  std::counting_semaphore<3> sem(3);
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < 12; ++i)
    ts.emplace_back([&] {
      for (int r = 0; r < 30; ++r) {
        sem.acquire();
        const int now = ++inside;
        for (int m = most; m < now && !most.compare_exchange_weak(m, now);) {
        }
        std::this_thread::yield();
        --inside;
        sem.release();
      }
    });
  for (std::thread& t : ts) t.join();
  CHECK(most >= 1);
  CHECK(most <= 3);
}

TEST_CASE("binary_semaphore hands over") {
  std::binary_semaphore ping(0), pong(0);
  int n = 0;
  std::thread t([&] {
    for (int i = 0; i < 500; ++i) {
      ping.acquire();
      ++n;
      pong.release();
    }
  });
  for (int i = 0; i < 500; ++i) {
    ping.release();
    pong.acquire();
  }
  t.join();
  CHECK(n == 500);
}

TEST_CASE("release(n) wakes n") {
  std::counting_semaphore<> sem(0);
  std::atomic<int> through{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < 10; ++i)
    ts.emplace_back([&] {
      sem.acquire();
      ++through;
    });
  std::this_thread::sleep_for(5ms);
  CHECK(through == 0);
  sem.release(10);
  for (std::thread& t : ts) t.join();
  CHECK(through == 10);
  CHECK_FALSE(sem.try_acquire());
}

TEST_CASE("timeouts: not early, and won by a release") {
  std::binary_semaphore sem(0);
  CHECK_FALSE(sem.try_acquire());
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(sem.try_acquire_for(30ms));
  CHECK(std::chrono::steady_clock::now() - start >= 30ms);
  const auto until = std::chrono::system_clock::now() + 20ms;
  CHECK_FALSE(sem.try_acquire_until(until));
  CHECK(std::chrono::system_clock::now() >= until);
  CHECK_FALSE(sem.try_acquire_for(-1s));
  std::thread t([&] {
    std::this_thread::sleep_for(10ms);
    sem.release();
  });
  CHECK(sem.try_acquire_for(60s));
  t.join();
}

TEST_CASE("sem_t: wait, trywait EAGAIN, timedwait ETIMEDOUT, post, getvalue") {
  sem_t s;
  REQUIRE(sem_init(&s, 0, 1) == 0);
  int value = -1;
  CHECK(sem_getvalue(&s, &value) == 0);
  CHECK(value == 1);
  CHECK(sem_wait(&s) == 0);
  errno = 0;
  CHECK(sem_trywait(&s) == -1);
  CHECK(errno == EAGAIN);
  timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_sec -= 1;
  errno = 0;
  CHECK(sem_timedwait(&s, &t) == -1);
  CHECK(errno == ETIMEDOUT);
  std::thread poster([&] {
    std::this_thread::sleep_for(5ms);
    sem_post(&s);
  });
  CHECK(sem_wait(&s) == 0);
  poster.join();
  CHECK(sem_destroy(&s) == 0);
}
