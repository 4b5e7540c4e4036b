// Sleeping: never short, in the order of the deadlines, zero and negative at once. Upper bounds are left to
// the test's own timeout.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using std::chrono::system_clock;

TEST_CASE("never early") {
  std::atomic<int> early{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < 10; ++i)
    ts.emplace_back([&, i] {
      for (int r = 0; r < 10; ++r) {
        const auto want = std::chrono::microseconds(100 * i + 700 * r);
        const auto start = steady_clock::now();
        std::this_thread::sleep_for(want);
        early += steady_clock::now() - start < want;
      }
    });
  for (std::thread& t : ts) t.join();
  CHECK(early == 0);
}

TEST_CASE("sleep_until on both clocks is never early; a past time returns") {
  const auto steady = steady_clock::now() + 20ms;
  std::this_thread::sleep_until(steady);
  CHECK(steady_clock::now() >= steady);
  const auto wall = system_clock::now() + 20ms;
  std::this_thread::sleep_until(wall);
  CHECK(system_clock::now() >= wall);
  std::this_thread::sleep_until(steady_clock::now() - 1h);
  std::this_thread::sleep_until(system_clock::time_point{});
}

TEST_CASE("zero and negative return at once") {
  std::this_thread::sleep_for(0ns);
  std::this_thread::sleep_for(-5s);
  std::this_thread::sleep_for(std::chrono::nanoseconds::min());
}

TEST_CASE("sleepers wake in the order of their deadlines, not of their start") {
  std::mutex mu;
  std::vector<int> order;
  std::vector<std::thread> ts;
  const auto base = steady_clock::now() + 20ms;
  for (int i : {3, 0, 4, 1, 2})
    ts.emplace_back([&, i] {
      std::this_thread::sleep_until(base + i * 50ms);
      std::lock_guard lock(mu);
      order.push_back(i);
    });
  for (std::thread& t : ts) t.join();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("five hundred sleepers sleep together, not one after another") {
  const auto start = steady_clock::now();
  std::vector<std::thread> ts;
  for (int i = 0; i < 500; ++i) ts.emplace_back([] { std::this_thread::sleep_for(50ms); });
  for (std::thread& t : ts) t.join();
  CHECK(steady_clock::now() - start >= 50ms);
  CHECK(steady_clock::now() - start < 20s);  // 25 s if each waited for the one before
}

TEST_CASE("others run while one sleeps") {
  std::atomic<bool> asleep{true};
  std::thread t([&] {
    std::this_thread::sleep_for(30ms);
    asleep = false;
  });
  long turns = 0;
  for (; asleep; ++turns) std::this_thread::yield();
  t.join();
  CHECK(turns > 0);
}

TEST_CASE("nanosleep, clock_nanosleep absolute, usleep, and their errors") {
  timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  const timespec ten_ms{0, 10'000'000};
  CHECK(nanosleep(&ten_ms, nullptr) == 0);
  timespec until = start;
  until.tv_nsec += 30'000'000;
  if (until.tv_nsec >= 1'000'000'000) until.tv_sec += 1, until.tv_nsec -= 1'000'000'000;
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == 0);
  clock_gettime(CLOCK_MONOTONIC, &end);
  CHECK((end.tv_sec - start.tv_sec) * 1'000'000'000L + end.tv_nsec - start.tv_nsec >= 30'000'000);
  const timespec bad{0, 1'000'000'000};
  errno = 0;
  CHECK(nanosleep(&bad, nullptr) == -1);
  CHECK(errno == EINVAL);
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad, nullptr) == EINVAL);
  CHECK(usleep(1000) == 0);
  CHECK(sleep(0) == 0);
}
