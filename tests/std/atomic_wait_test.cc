// std::atomic<T>::wait and notify. libstdc++ waits on the object itself for int, and by way of a proxy word
// for other sizes; both reach the kernel's futex only by syscall(), which is the runtime's.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

TEST_CASE_TEMPLATE("ping-pong", T, int, long, unsigned char, short, unsigned long long) {
  std::atomic<T> turn{0};
  constexpr int rounds = 100;
  auto player = [&](T me, T other) {
    for (int i = 0; i < rounds; ++i) {
      for (T now = turn.load(); now != me; now = turn.load()) turn.wait(now);
      turn.store(other);
      turn.notify_one();
    }
  };
  std::thread a(player, T{0}, T{1}), b(player, T{1}, T{0});
  a.join();
  b.join();
  CHECK(turn == 0);
}

TEST_CASE_TEMPLATE("wait returns at once when the value differs", T, int, long) {
  std::atomic<T> v{5};
  v.wait(4);
  CHECK(v == 5);
}

TEST_CASE_TEMPLATE("notify_all wakes every waiter", T, int, long) {
  std::atomic<T> gate{0};
  std::atomic<int> passed{0};
  std::vector<std::thread> ts;
  for (int i = 0; i < 50; ++i)
    ts.emplace_back([&] {
      gate.wait(0);
      ++passed;
    });
  std::this_thread::sleep_for(10ms);  // let them fall asleep, past libstdc++'s spinning
  CHECK(passed == 0);
  gate = 1;
  gate.notify_all();
  for (std::thread& t : ts) t.join();
  CHECK(passed == 50);
}

TEST_CASE("a notification without a change wakes nobody for good") {
  std::atomic<int> v{0};
  std::atomic<bool> through{false};
  std::thread t([&] {
    v.wait(0);
    through = true;
  });
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(2ms);
    v.notify_all();
  }
  CHECK_FALSE(through);
  v = 1;
  v.notify_one();
  t.join();
  CHECK(through);
}

TEST_CASE("atomic_flag, atomic<bool>, atomic<T*>, atomic_ref") {
  std::atomic_flag flag = ATOMIC_FLAG_INIT;
  std::atomic<bool> b{false};
  std::atomic<int*> p{nullptr};
  int target = 0;
  alignas(std::atomic_ref<int>::required_alignment) int plain = 0;
  std::thread t([&] {
    flag.wait(false);
    b.wait(false);
    p.wait(nullptr);
    std::atomic_ref<int>(plain).wait(0);
  });
  std::this_thread::sleep_for(3ms);
  flag.test_and_set();
  flag.notify_one();
  std::this_thread::sleep_for(3ms);
  b = true;
  b.notify_one();
  std::this_thread::sleep_for(3ms);
  p = &target;
  p.notify_one();
  std::this_thread::sleep_for(3ms);
  std::atomic_ref<int> r(plain);
  r.store(1);
  r.notify_one();
  t.join();
}

TEST_CASE("many words at once: a wake goes to its own word") {
  constexpr int n = 64;
  std::vector<std::atomic<int>> words(n);
  std::vector<std::thread> ts;
  std::atomic<int> woken{0};
  for (int i = 0; i < n; ++i)
    ts.emplace_back([&, i] {
      words[i].wait(0);
      if (words[i] == i + 1) ++woken;
    });
  std::this_thread::sleep_for(5ms);
  for (int i = n - 1; i >= 0; --i) {
    words[i] = i + 1;
    words[i].notify_one();
  }
  for (std::thread& t : ts) t.join();
  CHECK(woken == n);
}
