// What Go's runtime/proc_test.go asserts of goroutines that yield, block, are locked to their kernel thread,
// and run at once; the cases have its names.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rt::chan;

// A goroutine that does nothing but give way, does so for others who only want to go on.
void yield_progress(bool locked) {
  std::atomic<bool> stop{false};
  auto t = rt::spawn([&] {
    if (locked) rt::lock_os_thread();
    while (!stop) rt::yield();
  });
  std::this_thread::sleep_for(1ms);
  for (int i = 0; i < 100; i++) rt::yield();
  stop = true;
  t.get();
}

TEST_CASE("TestYieldProgress") { yield_progress(false); }
TEST_CASE("TestYieldLockedProgress") { yield_progress(true); }

TEST_CASE("TestYieldLocked") {
  const chan<int> c(0);
  rt::go([=] {
    const rt::os_thread_lock locked;
    for (int i = 0; i < 10; i++) {
      rt::yield();
      std::this_thread::sleep_for(1ms);
    }
    c.close();
  });
  CHECK_FALSE(c.recv());
}

TEST_CASE("TestBlockLocked") {
  const chan<bool> c(0);
  rt::go([=] {
    const rt::os_thread_lock locked;
    for (int i = 0; i < 10; i++) c.send(true);
    c.close();
  });
  int n = 0;
  for ([[maybe_unused]] bool v : c) n++;
  CHECK(n == 10);
}

TEST_CASE("TestGoroutineParallelism: as many as there are Ps run at once, without a call") {
  constexpr int at_once = 3, rounds = 3;
  const int before = rt::gomaxprocs(at_once);
  for (int round = 0; round < rounds; round++) {
    std::atomic<unsigned> turn{0};
    std::vector<rt::task<void>> all;
    for (unsigned p = 0; p < at_once; p++) {
      all.push_back(rt::spawn([&, p] {
        for (unsigned i = 0; i < 3; i++) {
          while (turn != at_once * i + p) {  // spins: only another kernel thread can make it true
          }
          turn = at_once * i + p + 1;
        }
      }));
    }
    for (auto& t : all) t.get();
  }
  rt::gomaxprocs(before);
}

// A goroutine that is ready all the time does not keep timers from the others.
TEST_CASE("TestTimerFairness") {
  const chan<int> done(0);
  std::vector<rt::task<void>> all;
  for (int k = 0; k < 2; k++) {
    all.push_back(rt::spawn([=] {
      while (rt::select(rt::recv(done), rt::timeout(1us)) == 1) {
      }
    }));
  }
  std::this_thread::sleep_for(5ms);  // the sleep ends although the others' timers are due all the time
  done.close();
  for (auto& t : all) t.get();
}

TEST_CASE("TestTimerFairness2") {
  const chan<int> done(0);
  std::vector<rt::task<void>> all;
  for (int k = 0; k < 2; k++) {
    all.push_back(rt::spawn([=] {
      for (int spins = 0;; spins++) {
        std::this_thread::sleep_for(1us);
        if (rt::select(rt::recv(done), rt::otherwise()) == 0) return;
      }
    }));
  }
  std::this_thread::sleep_for(5ms);
  done.close();
  for (auto& t : all) t.get();
}

TEST_CASE("TestPingPongHog: a pair that wakes each other leaves its share to who only computes") {
  const int before = rt::gomaxprocs(1);
  const chan<bool> done(0), ping(0), pong(0);
  std::atomic<long> hog{0}, light{0};
  std::atomic<bool> stop{false};
  std::vector<rt::task<void>> all;
  all.push_back(rt::spawn([&] {
    while (!stop) hog++;
  }));
  all.push_back(rt::spawn([&] {
    while (!stop) {
      ping.send(true);
      (void)pong.recv();
      light++;
    }
    ping.close();
  }));
  all.push_back(rt::spawn([&] {
    for ([[maybe_unused]] bool v : ping) pong.send(true);
  }));
  // Until both had many slices. Go compares the two counts; with a signal each 10 ms both go on.
  while (hog < 1'000'000 || light < 1'000) std::this_thread::sleep_for(1ms);
  stop = true;
  for (auto& t : all) t.get();
  rt::gomaxprocs(before);
}

}  // namespace
