// A random program of threads that lock, wait, sleep, post, spawn and join, by a printed seed. It ends, which
// says that no wake-up was lost, and its sums are right, which says that no two threads were inside at once.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <random>
#include <semaphore>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "tests/runtime/seed.h"

namespace {

constexpr int cells = 6, max_depth = 3, steps = 300, roots = 12;

struct cell {
  std::timed_mutex mu;
  std::condition_variable_any changed;
  std::shared_mutex shared;
  std::counting_semaphore<> tokens{1};
  std::atomic<int> word{0};
  long inside = 0, done = 0, waits = 0;  // guarded by mu
};

cell board[cells];
std::atomic<long> expected{0};

void critical(cell& c) {
  REQUIRE(++c.inside == 1);
  std::this_thread::yield();
  REQUIRE(--c.inside == 0);
  c.done++;
  c.changed.notify_all();
}

void random_thread(std::uint64_t seed, int depth);

void one_step(std::mt19937_64& random, int depth) {
  cell& c = board[random() % cells];
  const auto a_while = std::chrono::microseconds(random() % 300);
  switch (random() % 9) {
    case 0: {
      std::lock_guard hold(c.mu);
      critical(c);
      expected++;
      break;
    }
    case 1: {
      std::unique_lock hold(c.mu, std::defer_lock);
      if (!hold.try_lock_for(a_while)) break;
      critical(c);
      expected++;
      break;
    }
    case 2: {
      std::unique_lock hold(c.mu);
      c.waits++;
      c.changed.wait_for(hold, a_while);
      break;
    }
    case 3: std::this_thread::sleep_for(a_while); break;
    case 4: {
      std::shared_lock hold(c.shared);
      std::this_thread::yield();
      break;
    }
    case 5: {
      std::lock_guard hold(c.shared);
      std::this_thread::yield();
      break;
    }
    case 6:
      if (c.tokens.try_acquire_for(a_while)) c.tokens.release();
      break;
    case 7: c.word++, c.word.notify_all(); break;
    case 8:
      if (depth < max_depth && random() % 8 == 0) std::thread(random_thread, random(), depth + 1).join();
      break;
  }
}

void random_thread(std::uint64_t seed, int depth) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < steps >> (2 * depth); i++) one_step(random, depth);
}

}  // namespace

TEST_CASE("a random program ends, and nothing was lost") {
  std::mt19937_64 random(test_seed());
  const char* seconds = std::getenv("RT0_STRESS_SECONDS");
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds(seconds != nullptr ? std::atoi(seconds) : 3);
  do {
    std::vector<std::thread> threads;
    for (int i = 0; i < roots; i++) threads.emplace_back(random_thread, random(), 0);
    for (auto& t : threads) t.join();
  } while (std::chrono::steady_clock::now() < until);
  long done = 0;
  for (const cell& c : board) done += c.done;
  CHECK(done == expected);
  CHECK(done > 0);
}
