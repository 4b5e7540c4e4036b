// Very many threads and goroutines: alive at once with the kernel's usual bound on mappings, and one after
// another without growth.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/go.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/runtime/proc_self.h"

namespace {

// Where a crowd parks until it is let go.
struct gate {
  std::mutex mu;
  std::condition_variable changed;
  int parked = 0, left = 0;  // guarded by mu
  bool open = false;         // guarded by mu

  void pass() {
    std::unique_lock hold(mu);
    parked++;
    changed.wait(hold, [this] { return open; });
    left++;
    if (left == parked) changed.notify_all();
  }
  void wait_until_parked(int n) {
    std::unique_lock hold(mu);
    while (parked != n) {
      hold.unlock();
      std::this_thread::yield();
      hold.lock();
    }
  }
  void let_all_go() {
    std::unique_lock hold(mu);
    open = true;
    changed.notify_all();
    changed.wait(hold, [this] { return left == parked; });
  }
};

// Four threads that make and join, together so many.
void churn(int total) {
  constexpr int makers = 4;
  std::atomic<int> ran{0};
  std::vector<std::thread> threads;
  for (int m = 0; m < makers; m++) {
    threads.emplace_back([&ran, total] {
      for (int i = 0; i < total / makers; i++) std::thread([&ran] { ran++; }).join();
    });
  }
  for (auto& t : threads) t.join();
  CHECK(ran == total / makers * makers);
}

}  // namespace

// First, while nothing else has left stacks behind.
TEST_CASE("a million threads, one after another, need no more than the first ten thousand") {
  churn(10'000);
  const std::size_t size_kib = status_kib("VmSize:"), resident_kib = rss_kib();
  const int maps = mappings();
  churn(1'000'000);
  // A P keeps up to 64 dead threads for itself: 8 MiB of addresses each, of which three pages are touched;
  // and addresses are carved a slab at a time.
  const auto kept = 64 * static_cast<std::size_t>(rt::gomaxprocs());
  const std::size_t stack_kib = 8 * 1024 + 20, touched_kib = 12, slab_kib = 256 * 1024, noise_kib = 512;
  MESSAGE("VmSize " << size_kib << " -> " << status_kib("VmSize:") << " KiB, VmRSS " << resident_kib << " -> "
                    << rss_kib() << " KiB, mappings " << maps << " -> " << mappings());
  CHECK(status_kib("VmSize:") <= size_kib + kept * stack_kib + slab_kib);
  CHECK(rss_kib() <= resident_kib + kept * touched_kib + noise_kib);
  CHECK(mappings() <= maps + 20);
}

TEST_CASE("20,000 threads are parked at once, and all end") {
  constexpr int n = 20'000;
  gate crowd;
  std::vector<std::thread> threads;
  for (int i = 0; i < n; i++) threads.emplace_back(&gate::pass, &crowd);
  crowd.wait_until_parked(n);
  CHECK(rt::num_goroutine() == n + 1);
  crowd.let_all_go();
  for (auto& t : threads) t.join();
  CHECK(rt::num_goroutine() == 1);
}

TEST_CASE("100,000 goroutines are parked at once, and all end") {
  constexpr int n = 100'000;
  gate crowd;
  for (int i = 0; i < n; i++) rt::go([&crowd] { crowd.pass(); });
  crowd.wait_until_parked(n);
  CHECK(rt::num_goroutine() == n + 1);
  CHECK(mappings() < 60'000);
  crowd.let_all_go();
  while (rt::num_goroutine() != 1) std::this_thread::yield();
}
