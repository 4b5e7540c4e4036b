// The number of Ps changes under load, by several goroutines at once. Each call returns what the one before
// it set, and no goroutine, timer or wake-up of a P that ends is lost.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/go.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "tests/runtime/seed.h"

namespace {

constexpr int resizers = 6, resizes_each = 100, most = 64;

// What the others do meanwhile: four kinds of work, each counted.
struct load {
  std::atomic<bool> stop{false};
  std::atomic<long> computed{0}, slept{0}, spawned{0}, ended{0};
  std::mutex mu;
  std::condition_variable turned;
  long turn = 0;  // guarded by mu
  std::vector<std::thread> threads;

  void compute() {
    while (!stop) {
      for (int i = 0; i < 100'000; i++) asm volatile("");
      computed++;
    }
  }
  void sleep() {
    while (!stop) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      slept++;
    }
  }
  void spawn() {
    while (!stop) {
      for (int i = 0; i < 50; i++) {
        rt::go([this] { ended++; });
        spawned++;
      }
      std::this_thread::yield();
    }
  }
  // Two of these wake each other, for ever.
  void take_turns(int mine) {
    std::unique_lock hold(mu);
    while (!stop) {
      turned.wait(hold, [&] { return turn % 2 == mine || stop; });
      turn++;
      turned.notify_all();
    }
  }

  load() {
    for (int i = 0; i < 2; i++) threads.emplace_back(&load::compute, this);
    for (int i = 0; i < 4; i++) threads.emplace_back(&load::sleep, this);
    for (int i = 0; i < 2; i++) threads.emplace_back(&load::spawn, this);
    for (int i = 0; i < 2; i++) threads.emplace_back(&load::take_turns, this, i);
  }
  void end() {
    {
      std::lock_guard hold(mu);
      stop = true;
    }
    turned.notify_all();
    for (auto& t : threads) t.join();
    while (ended != spawned) std::this_thread::yield();
  }
};

}  // namespace

TEST_CASE("gomaxprocs returns what was there, and takes no wrong number") {
  const int first = rt::gomaxprocs();
  CHECK(first >= 1);
  CHECK(rt::gomaxprocs(3) == first);
  CHECK(rt::gomaxprocs(0) == 3);
  CHECK(rt::gomaxprocs(-5) == 3);
  CHECK(rt::gomaxprocs(1'000'000) == 3);
  CHECK(rt::gomaxprocs(first) == 1'024);
  CHECK(rt::gomaxprocs() == first);
}

TEST_CASE("six goroutines resize 1 to 64 under load: nothing is lost, every value is returned once") {
  const std::uint64_t seed = test_seed();
  const int first = rt::gomaxprocs();
  load work;
  std::vector<int> set(resizers * resizes_each), returned(set.size());
  std::latch done(resizers);
  for (unsigned r = 0; r < resizers; r++) {
    rt::go([&, r] {
      std::mt19937_64 random(seed + r);
      for (unsigned i = r * resizes_each; i < (r + 1) * resizes_each; i++) {
        set[i] = 1 + static_cast<int>(random() % most);
        returned[i] = rt::gomaxprocs(set[i]);
        if (random() % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
      }
      done.count_down();
    });
  }
  done.wait();
  work.end();
  MESSAGE(work.computed << " computed, " << work.slept << " slept, " << work.spawned << " spawned, "
                        << work.turn << " turns");
  for (const std::atomic<long>* n : {&work.computed, &work.slept, &work.spawned}) CHECK(*n > 0);
  CHECK(work.turn > 0);
  // One after another: what was set is returned by the next call, the last by nobody.
  returned.push_back(rt::gomaxprocs(first));
  set.push_back(first);
  std::sort(set.begin(), set.end());
  std::sort(returned.begin(), returned.end());
  CHECK(set == returned);
}
