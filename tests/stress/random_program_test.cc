// A random program of threads and goroutines that lock, wait, sleep, post, spawn, join and detach, compute
// without a call, block in the kernel, and change the number of Ps, by a printed seed. It ends, which says
// that no wake-up was lost, and its sums are right, which says that no two threads were inside at once.
//
//   RT0_STRESS_SECONDS=N    how long: rounds are started until then
//   RT0_STRESS_RESIZE=N     rt::gomaxprocs(1 to N) now and then
//
// Built with RT0_STRESS_INTERNALS it also binds goroutines to their kernel threads.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/go.h>
#include <unistd.h>

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

#ifdef RT0_STRESS_INTERNALS
#include "runtime/sched/locked_m.h"
#endif
#include "tests/runtime/seed.h"

namespace {

using rng = std::mt19937_64;

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
std::atomic<long> alive{0};  // detached threads and goroutines that still run

int env_number(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::atoi(text) : otherwise;
}
const int most_procs = env_number("RT0_STRESS_RESIZE", 0);

void critical(cell& c) {
  REQUIRE(++c.inside == 1);
  std::this_thread::yield();
  REQUIRE(--c.inside == 0);
  c.done++;
  c.changed.notify_all();
}

void random_thread(std::uint64_t seed, int depth);
void one_step(rng& random, int depth);

// About one to four milliseconds in which only a signal can take the P away. The sum depends on every turn.
void compute(rng& random) {
  const std::uint64_t turns = 500'000 + random() % 1'500'000, start = random();
  std::uint64_t x = start;
  for (std::uint64_t i = 0; i < turns; i++) {
    x = x * 6364136223846793005 + 1442695040888963407;
    asm volatile("" : "+r"(x));
  }
  // The same by squaring the affine map.
  std::uint64_t a = 1, b = 0, sa = 6364136223846793005, sb = 1442695040888963407;
  for (std::uint64_t n = turns; n != 0; n /= 2) {
    if (n % 2 != 0) a = sa * a, b = sa * b + sb;
    sb = sa * sb + sb;
    sa = sa * sa;
  }
  REQUIRE(x == a * start + b);
}

// Blocks in read() until somebody else, a thread or a goroutine, has written.
void read_a_pipe(rng& random) {
  int fd[2];
  REQUIRE(pipe(fd) == 0);
  const auto delay = std::chrono::microseconds(random() % 300);
  const std::uint64_t sent = random();
  const auto answer = [out = fd[1], delay, sent] {
    std::this_thread::sleep_for(delay);
    REQUIRE(write(out, &sent, sizeof sent) == sizeof sent);
    close(out);
  };
  std::thread writer;
  if (random() % 2 != 0) {
    writer = std::thread(answer);
  } else {
    rt::go(answer);
  }
  std::uint64_t got = 0;
  REQUIRE(read(fd[0], &got, sizeof got) == sizeof got);
  REQUIRE(got == sent);
  REQUIRE(read(fd[0], &got, 1) == 0);
  close(fd[0]);
  if (writer.joinable()) writer.join();
}

void spawn(rng& random, int depth) {
  if (depth == max_depth || random() % 8 != 0) return;
  const std::uint64_t seed = random();
  const auto detached = [seed, depth] {
    random_thread(seed, depth + 1);
    alive--;
    alive.notify_all();
  };
  switch (random() % 4) {
    case 0: std::thread(random_thread, seed, depth + 1).join(); break;
    case 1: {
      std::binary_semaphore ended{0};
      rt::go([&ended, seed, depth] {
        random_thread(seed, depth + 1);
        ended.release();
      });
      ended.acquire();
      break;
    }
    case 2:
      alive++;
      std::thread(detached).detach();
      break;
    case 3:
      alive++;
      rt::go(detached);
      break;
  }
}

#ifdef RT0_STRESS_INTERNALS
// Some steps, all on one kernel thread.
void bound(rng& random, int depth) {
  rt0::lock_os_thread();
  const pid_t tid = gettid();
  for (int i = 0; i < 5; i++) {
    one_step(random, depth);
    REQUIRE(gettid() == tid);
  }
  if (random() % 4 != 0 || depth == 0) REQUIRE(rt0::unlock_os_thread());
}
#else
void bound(rng&, int) {}
#endif

void wait_a_while(rng& random, cell& c, std::chrono::microseconds a_while) {
  switch (random() % 4) {
    case 0: {
      std::unique_lock hold(c.mu, std::defer_lock);
      if (!hold.try_lock_for(a_while)) break;
      critical(c);
      expected++;
      break;
    }
    case 1: {
      std::unique_lock hold(c.mu);
      c.waits++;
      c.changed.wait_for(hold, a_while);
      break;
    }
    case 2: std::this_thread::sleep_for(a_while); break;
    case 3:
      if (c.tokens.try_acquire_for(a_while)) c.tokens.release();
      break;
  }
}

void one_step(rng& random, int depth) {
  cell& c = board[random() % cells];
  switch (random() % 13) {
    case 0: {
      std::lock_guard hold(c.mu);
      critical(c);
      expected++;
      break;
    }
    case 1: {
      std::shared_lock hold(c.shared);
      std::this_thread::yield();
      break;
    }
    case 2: {
      std::lock_guard hold(c.shared);
      std::this_thread::yield();
      break;
    }
    case 3: c.word++, c.word.notify_all(); break;
    case 4:
    case 5: spawn(random, depth); break;
    case 6:
      if (random() % 16 == 0) compute(random);
      break;
    case 7: read_a_pipe(random); break;
    case 8:
      if (most_procs != 0 && random() % 8 == 0) {
        const int old = rt::gomaxprocs(1 + static_cast<int>(random() % static_cast<unsigned>(most_procs)));
        REQUIRE(old >= 1);
      }
      break;
    case 9:
      if (random() % 8 == 0) bound(random, depth);
      break;
    default: wait_a_while(random, c, std::chrono::microseconds(random() % 300)); break;
  }
}

void random_thread(std::uint64_t seed, int depth) {
  rng random(seed);
  for (int i = 0; i < steps >> (2 * depth); i++) one_step(random, depth);
}

}  // namespace

TEST_CASE("a random program ends, and nothing was lost") {
  rng random(test_seed());
  std::fflush(stdout);
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds(env_number("RT0_STRESS_SECONDS", 8));
  int rounds = 0;
  do {
    std::vector<std::thread> threads;
    for (int i = 0; i < roots; i++) threads.emplace_back(random_thread, random(), 0);
    for (auto& t : threads) t.join();
    for (long n; (n = alive) != 0;) alive.wait(n);
    rounds++;
  } while (std::chrono::steady_clock::now() < until);
  long done = 0;
  for (const cell& c : board) done += c.done;
  MESSAGE(rounds << " rounds, " << done << " times inside");
  CHECK(done == expected);
  CHECK(done > 0);
}
