// No instruction outside the core's text is one at which a goroutine must not give way: short programs, each
// for a second, are made to at every one of them, and end with right results. RT0_MAXPROCS is 1, 2 and 8.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "tests/runtime/every_instruction.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/seed.h"

namespace {

using clock_type = std::chrono::steady_clock;
using every_instruction::arm;

// A workload's threads each repeat one turn until the second is over. A turn returns what it found wrong.
struct outcome {
  std::uint64_t turns = 0, wrong = 0;
};

struct tally {
  const char* name;
  std::uint64_t n;
};

std::vector<tally> tallies() {
  const rt0::preempt_counts& c = rt0::preempted;
  using namespace every_instruction;
  return {{"stepped", steps},
          {"gave way", c.injected},
          {"refused: in the core", c.in_core},
          {"with locks", c.locked},
          {"not running", c.not_running},
          {"off the stack", c.off_the_stack},
          {"in a handler", c.nested},
          {"without P", no_p},
          {"not asked: on the way back", returns},
          {"before a mask", masks},
          {"in the vDSO", spared}};
}

void report_growth(std::uint64_t turns, const std::vector<tally>& before) {
  std::ostringstream line;
  std::vector<tally> now = tallies();
  for (std::size_t i = 0; i < now.size(); i++)
    line << ", " << now[i].name << ' ' << (now[i].n -= before[i].n);
  MESSAGE(turns << " turns" << line.str());
  CHECK(now[0].n > 1000);
  CHECK(now[1].n > 100);
}

// `turn(thread, number)` in so many threads at once.
void run(int threads, const std::function<std::uint64_t(int, std::uint64_t)>& turn) {
  const std::vector<tally> before = tallies();
  every_instruction::begin();
  std::vector<outcome> found(static_cast<std::size_t>(threads));
  std::vector<std::thread> all;
  const auto until = clock_type::now() + std::chrono::seconds(1);
  for (int t = 0; t < threads; t++) {
    all.emplace_back([&, t] {
      outcome mine;
      do {
        arm();
        mine.wrong += turn(t, mine.turns);
        mine.turns++;
      } while (clock_type::now() < until);
      found[static_cast<std::size_t>(t)] = mine;
    });
  }
  for (auto& t : all) t.join();
  every_instruction::end();
  outcome sum;
  for (const auto& o : found) {
    CHECK(o.turns > 0);
    sum.turns += o.turns;
    sum.wrong += o.wrong;
  }
  CHECK(sum.wrong == 0);
  report_growth(sum.turns, before);
}

struct counted {
  static inline std::atomic<int> alive{0};
  std::string name;
  explicit counted(std::string n) : name(std::move(n)) { alive++; }
  ~counted() { alive--; }
};

[[gnu::noinline]] void thrower(int depth, std::uint64_t number) {
  const counted local("at depth " + std::to_string(depth));
  if (depth == 0) throw std::out_of_range("number " + std::to_string(number));
  thrower(depth - 1, number);
  asm volatile("" ::: "memory");
}

std::string formatted(int seed) {
  char text[200];
  std::snprintf(text, sizeof text, "%d %08x %.12f %Lg %s", seed, seed * 77, seed / 7.0, seed / 9.0L, "text");
  std::ostringstream out;
  out << text << ' ' << std::hex << seed << ' ' << seed * 1.25 << ' ' << std::string(5, 'x');
  return out.str();
}

}  // namespace

TEST_CASE("yield pairs") {
  std::atomic<std::uint64_t> total{0};
  std::uint64_t expected = 0;
  run(4, [&](int, std::uint64_t) -> std::uint64_t {
    for (int i = 0; i < 10; i++) {
      total++;
      std::this_thread::yield();
      arm();
    }
    return 0;
  });
  expected = total;
  CHECK(expected % 10 == 0);
}

TEST_CASE("threads made and joined") {
  run(2, [&](int t, std::uint64_t number) -> std::uint64_t {
    std::uint64_t result = 0;
    std::thread other([&] {
      arm();
      result = number * 3 + static_cast<unsigned>(t);
    });
    other.join();
    return result != number * 3 + static_cast<unsigned>(t);
  });
}

TEST_CASE("mutex and condition variable, in turns") {
  std::mutex lock;
  std::condition_variable turned;
  int whose = 0;
  bool over = false;
  std::uint64_t inside = 0;
  run(2, [&](int t, std::uint64_t) -> std::uint64_t {
    std::unique_lock hold(lock);
    // A thread whose second is over leaves the other one alone.
    turned.wait_for(hold, std::chrono::milliseconds(50), [&] { return whose == t || over; });
    arm();
    const std::uint64_t wrong = inside++ != 0;
    for (int i = 0; i < 5; i++) whose = t;
    inside--;
    whose = 1 - t;
    turned.notify_one();
    return wrong;
  });
}

TEST_CASE("exceptions") {
  run(3, [](int, std::uint64_t number) -> std::uint64_t {
    std::uint64_t wrong = 1;
    try {
      try {
        thrower(2, number);
      } catch (const std::logic_error& e) {
        arm();
        if (std::uncaught_exceptions() != 0) return 1;
        throw;
      }
    } catch (const std::out_of_range& e) {
      wrong = e.what() != "number " + std::to_string(number);
    }
    return wrong;
  });
  CHECK(counted::alive == 0);
}

TEST_CASE("formatting") {
  std::vector<std::string> expected;
  for (int i = 0; i < 8; i++) expected.push_back(formatted(i));
  std::FILE* null = std::fopen("/dev/null", "w");
  REQUIRE(null != nullptr);
  run(3, [&](int t, std::uint64_t number) -> std::uint64_t {
    const int seed = static_cast<int>(number % 8);
    std::fprintf(null, "%d %f\n", t, seed * 1.5);
    return formatted(seed) != expected[static_cast<std::size_t>(seed)];
  });
  std::fclose(null);
}

TEST_CASE("malloc and free") {
  run(3, [](int t, std::uint64_t number) -> std::uint64_t {
    std::minstd_rand random(static_cast<unsigned>(number * 31 + static_cast<unsigned>(t)));
    unsigned char* block[8];
    std::size_t bytes[8];
    std::uint64_t wrong = 0;
    for (int i = 0; i < 8; i++) {
      bytes[i] = 1 + random() % (i == 7 ? 40000 : 600);
      block[i] = static_cast<unsigned char*>(std::malloc(bytes[i]));
      block[i][0] = block[i][bytes[i] - 1] = static_cast<unsigned char>(i + 1);
      arm();
    }
    for (int i = 0; i < 8; i++) {
      wrong += block[i][0] != i + 1 || block[i][bytes[i] - 1] != i + 1;
      std::free(block[i]);
    }
    return wrong;
  });
}

TEST_CASE("sleeps") {
  run(3, [](int, std::uint64_t number) -> std::uint64_t {
    const auto start = clock_type::now();
    const std::chrono::microseconds pause(10 * (number % 20));
    std::this_thread::sleep_for(pause);
    arm();
    return clock_type::now() - start < pause;
  });
}

TEST_CASE("errno, thread_local and a static's first use") {
  static thread_local std::uint64_t mine = 0;
  run(3, [](int t, std::uint64_t number) -> std::uint64_t {
    errno = t + 1;
    mine = number;
    const bool opened = std::fopen("/nonexistent", "r") != nullptr;
    const std::uint64_t wrong = opened || errno != ENOENT || mine != number;
    errno = t + 1;
    static const std::string made = formatted(3);
    return wrong + (errno != t + 1 && number > 0) + (made.size() < 10);
  });
}
