// The world is stopped thousands of times while goroutines compute, sleep, call the kernel and start others.
// While it is stopped nobody else moves.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "runtime/sched/stop_the_world.h"

#include <doctest/doctest.h>
#include <rt/go.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "rt0/arch.h"
#include "sys/clock.h"

namespace {

constexpr int stops = 10'000;
constexpr int spinner = 0, sleeper = 2, caller = 5, reader = 7, spawner = 8, workers = 9;
constexpr std::int64_t look_ns = 5'000;

struct alignas(64) counter {
  std::atomic<std::uint64_t> n{0};
};

std::array<counter, workers> counters;
std::atomic<bool> stop{false};
std::atomic<long> spawned{0}, ended{0};

void count(int worker) { counters[static_cast<unsigned>(worker)].n.fetch_add(1, std::memory_order_relaxed); }

void spin(int worker) {
  std::atomic<std::uint64_t>& n = counters[static_cast<unsigned>(worker)].n;
  while (!stop.load(std::memory_order_relaxed)) n.fetch_add(1, std::memory_order_relaxed);
}

void doze(int worker) {
  while (!stop) {
    std::this_thread::sleep_for(std::chrono::microseconds(50 * (worker - sleeper + 1)));
    count(worker);
  }
}

// Two of these send a byte to and fro through pipes.
void call(int worker, int in, int out) {
  char byte = 0;
  while (read(in, &byte, 1) == 1) {
    count(worker);
    if (write(out, &byte, 1) != 1) abort();
    if (stop) break;
  }
  close(out);
}

void spawn() {
  while (!stop) {
    if (spawned - ended < 100) {
      spawned++;
      rt::go([] { ended++; });
    }
    std::this_thread::yield();
    count(spawner);
  }
}

std::array<std::uint64_t, workers> look() {
  std::array<std::uint64_t, workers> seen;
  for (unsigned i = 0; i < workers; i++) seen[i] = counters[i].n.load();
  return seen;
}

// How many counters moved while nobody may have moved them.
int stop_and_look(long& ended_meanwhile) {
  rt0::stop_the_world();
  const auto before = look();
  const long ended_before = ended;
  for (const std::int64_t until = rt0::sys::nanotime() + look_ns; rt0::sys::nanotime() < until;) {
  }
  const auto after = look();
  ended_meanwhile += ended - ended_before;
  rt0::start_the_world();
  int moved = 0;
  for (unsigned i = 0; i < workers; i++) moved += before[i] != after[i];
  return moved;
}

}  // namespace

TEST_CASE("the world is stopped 10,000 times, and nobody moves while it is") {
  int there[2], back[2];
  REQUIRE(pipe(there) == 0);
  REQUIRE(pipe(back) == 0);
  std::vector<std::thread> threads;
  for (int i = spinner; i < sleeper; i++) threads.emplace_back(spin, i);
  for (int i = sleeper; i < caller; i++) threads.emplace_back(doze, i);
  threads.emplace_back(call, caller, there[0], back[1]);
  threads.emplace_back(call, caller + 1, back[0], there[1]);
  threads.emplace_back(spawn);
  int never = -1, blocked[2];
  REQUIRE(pipe(blocked) == 0);
  threads.emplace_back([&] {  // in one system call all the time
    char byte;
    never = static_cast<int>(read(blocked[0], &byte, 1));
    count(reader);
  });
  REQUIRE(write(there[1], "x", 1) == 1);

  int moved = 0;
  long ended_meanwhile = 0;
  const auto at_first = look();
  for (int i = 0; i < stops; i++) {
    moved += stop_and_look(ended_meanwhile);
    if (i % 16 == 0) std::this_thread::yield();
  }
  const auto at_last = look();
  stop = true;
  CHECK(never == -1);
  close(blocked[1]);
  for (auto& t : threads) t.join();
  while (ended != spawned) std::this_thread::yield();

  CHECK(moved == 0);
  CHECK(ended_meanwhile == 0);
  CHECK(never == 0);
  for (unsigned i = 0; i < workers; i++) {
    MESSAGE("worker " << i << " counted " << at_last[i] - at_first[i]);
    if (i != reader) CHECK(at_last[i] > at_first[i]);
  }
}
