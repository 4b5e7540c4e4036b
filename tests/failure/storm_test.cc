// 1,000 dumps, half of them by SIGQUIT, at random moments of a program that checks its own results: mutexes,
// channels, exceptions, heap, preempted loops. No wrong result, no hang, and every dump is whole.
//
// RT0_DEBUG=sigquit=0 (BUILD.bazel): SIGQUITs may follow each other at once.
#include <rt/chan.h>
#include <rt/debug.h>
#include <rt/go.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

namespace {
using namespace std::chrono_literals;

std::atomic<bool> over{false};
std::atomic<long> rounds{0};

[[gnu::noinline]] void throws(int depth) {
  if (depth == 0) throw std::runtime_error("caught");
  throws(depth - 1);
}

long exceptions() {
  for (int i = 1; i <= 20; i++) {
    try {
      throws(i);
      return 1;
    } catch (const std::runtime_error& e) {
      if (std::string(e.what()) != "caught") return 1;
    }
  }
  return 0;
}

long locks() {
  static std::mutex mu;
  static long a = 0, b = 0;
  for (int i = 0; i < 100; i++) {
    const std::lock_guard hold(mu);
    a++;
    if (++b != a) return 1;
  }
  return 0;
}

long channels() {
  rt::chan<int> c(4);
  std::thread sender([c] {
    for (int i = 0; i < 50; i++) c.send(i);
    c.close();
  });
  long wrong = 0;
  int wanted = 0;
  for (int v : c) wrong += v == wanted++ ? 0 : 1;
  sender.join();
  return wrong + (wanted == 50 ? 0 : 1);
}

long memory() {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < 200; i++) all.push_back(std::string(i, static_cast<char>('a' + i % 26)));
  for (std::size_t i = 0; i < 200; i++) {
    if (all[i].size() != i || (i != 0 && all[i].back() != static_cast<char>('a' + i % 26))) return 1;
  }
  return 0;
}

long arithmetic() {
  volatile double sum = 0;
  for (int i = 1; i <= 20'000; i++) sum = sum + 1.0 / i;
  return sum > 10.48 && sum < 10.49 ? 0 : 1;
}

bool is_whole(const std::string& dump) {
  return dump.rfind("goroutine ", 0) == 0 && dump.back() == '\n' &&
         dump.find("cannot be read") == std::string::npos && dump.find("unavailable") == std::string::npos;
}

TEST_CASE("a program that is dumped again and again computes what it should") {
  REQUIRE(freopen("/dev/null", "w", stderr) != nullptr);
  constexpr int dumps = 1000;
  const char* text = getenv("RT0_SEED");
  const unsigned long seed = text != nullptr ? strtoul(text, nullptr, 0) : std::random_device()();
  std::printf("RT0_SEED=%lu\n", seed);
  std::mt19937_64 random(seed);
  std::atomic<long> wrong{0};
  std::vector<std::thread> workers;
  for (int w = 0; w < 6; w++) {
    workers.emplace_back([&wrong, w] {
      long (*const all[])() = {exceptions, locks, channels, memory, arithmetic};
      for (int i = w; !over; i++) {
        wrong += all[i % 5]();
        rounds++;
      }
    });
  }
  int torn = 0;
  for (int i = 0; i < dumps; i++) {
    if (random() % 2 == 0) {
      kill(getpid(), SIGQUIT);
    } else {
      torn += is_whole(rt::debug::stack(true)) ? 0 : 1;
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 2000);
    if (random() % 2 == 0) std::this_thread::sleep_until(until);
  }
  over = true;
  for (std::thread& t : workers) t.join();
  CHECK(wrong == 0);
  CHECK(torn == 0);
  CHECK(rounds > 0);
  std::printf("%ld rounds\n", rounds.load());
}

}  // namespace
