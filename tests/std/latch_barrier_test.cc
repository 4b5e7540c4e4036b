// std::latch and std::barrier: phases, completion function, arrive without waiting, arrive_and_drop.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <latch>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

TEST_CASE("latch: all wait for the last") {
  constexpr int n = 20;
  std::latch start(1), done(n);
  std::atomic<int> ran{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < n; ++i)
    ts.emplace_back([&] {
      start.wait();
      ++ran;
      done.count_down();
    });
  std::this_thread::sleep_for(5ms);
  CHECK(ran == 0);
  CHECK_FALSE(done.try_wait());
  start.count_down();
  done.wait();
  CHECK(ran == n);
  CHECK(done.try_wait());
  for (std::thread& t : ts) t.join();
}

TEST_CASE("latch: arrive_and_wait, counting down by more than one") {
  std::latch l(4);
  std::thread a([&] { l.arrive_and_wait(); }), b([&] { l.arrive_and_wait(); });
  l.count_down(2);
  a.join();
  b.join();
  CHECK(l.try_wait());
}

TEST_CASE("barrier: no thread is a phase ahead; the completion runs once a phase") {
  constexpr int n = 8, phases = 50;
  std::atomic<int> wrong{0};
  std::vector<int> at(n, 0);
  int completed = 0;
  auto completion = [&]() noexcept {
    ++completed;
    for (int p : at)
      if (p != completed) ++wrong;
  };
  std::barrier sync(n, completion);
  std::vector<std::thread> ts;
  for (int i = 0; i < n; ++i)
    ts.emplace_back([&, i] {
      for (int p = 1; p <= phases; ++p) {
        at[i] = p;
        if ((p + i) % 3 == 0) std::this_thread::yield();
        sync.arrive_and_wait();
        if (completed < p) ++wrong;
      }
    });
  for (std::thread& t : ts) t.join();
  CHECK(completed == phases);
  CHECK(wrong == 0);
}

TEST_CASE("barrier: arrive now, wait later; arrive_and_drop leaves for good") {
  std::barrier sync(3);
  std::atomic<int> step{0};
  std::thread dropper([&] { sync.arrive_and_drop(); });
  std::thread stays([&] {
    sync.arrive_and_wait();
    sync.arrive_and_wait();  // now a barrier of two
    ++step;
  });
  auto token = sync.arrive();
  sync.wait(std::move(token));
  sync.arrive_and_wait();
  dropper.join();
  stays.join();
  CHECK(step == 1);
}
