// Random processes: threads and goroutines that fork, spawn programs, run commands and wait for them, while
// others allocate, lock, print, sleep and make threads. A child does the same, two generations deep. Every
// status must be the one that the child was told to end with, and none may be left.
//
//   RT0_SEED=N              repeats a run's choices
//   RT0_STRESS_SECONDS=N    how long: rounds are started until then
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <errno.h>
#include <rt/go.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/seed.h"

namespace {

using generator = std::mt19937_64;

constexpr int max_generation = 2;
constexpr int wrong = 99;
constexpr auto long_enough = std::chrono::microseconds(200);

std::mutex mutex;
std::condition_variable changed;
long turns = 0;
std::atomic<long> checked{0}, failed{0};

unsigned long below(generator& random, unsigned long n) { return random() % n; }

bool ended_with(pid_t pid, int wanted) {
  int status = -1;
  const bool right = waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == wanted;
  if (!right) printf("process %d: status 0x%x, wanted %d\n", pid, static_cast<unsigned>(status), wanted);
  return right;
}

// What the rest of a program does.
void live(generator& random) {
  switch (below(random, 5)) {
    case 0: {
      std::vector<std::string> strings;
      for (int i = 0; i < 20; i++) strings.emplace_back(below(random, 3000), 'x');
      break;
    }
    case 1: {
      std::lock_guard hold(mutex);
      turns++;
      changed.notify_all();
      break;
    }
    case 2: {
      std::unique_lock hold(mutex);
      changed.wait_for(hold, long_enough);
      break;
    }
    case 3: std::thread([] { std::this_thread::yield(); }).join(); break;
    case 4: {
      std::latch ended(1);
      rt::go([&ended] { ended.count_down(); });
      ended.wait();
      break;
    }
  }
}

bool make_processes(generator& random, int generation, int how_many);

// A child's life. Its one thread is of the parent's, so it takes no lock of the program's that others held.
int be_a_child(generator random, int generation, int status) {
  new (&mutex) std::mutex;
  new (&changed) std::condition_variable;
  std::atomic<bool> right{true};
  std::vector<std::thread> threads;
  for (unsigned long n = below(random, 4); n != 0; n--) {
    threads.emplace_back([&right, generation, seed = random()] {
      generator mine(seed);
      for (int i = 0; i < 3; i++) live(mine);
      if (generation < max_generation && !make_processes(mine, generation, 1)) right = false;
    });
  }
  for (std::thread& t : threads) t.join();
  return right ? status : wrong;
}

bool fork_one(generator& random, int generation, int status) {
  const auto seed = random();
  const bool by_exit = below(random, 2) == 0;
  const pid_t pid = fork();
  if (pid != 0) return pid > 0 && ended_with(pid, status);
  const int ending = be_a_child(generator(seed), generation + 1, status);
  if (by_exit) std::thread([ending] { exit(ending); }).join();
  _exit(ending);
}

bool spawn_one(int status) {
  const std::string script = "exit " + std::to_string(status);
  const char* const argv[] = {"sh", "-c", script.c_str(), nullptr};
  pid_t pid = 0;
  return posix_spawnp(&pid, "sh", nullptr, nullptr, const_cast<char**>(argv), environ) == 0 &&
         ended_with(pid, status);
}

bool make_processes(generator& random, int generation, int how_many) {
  bool right = true;
  for (int i = 0; i < how_many; i++) {
    const int status = static_cast<int>(below(random, 90));
    switch (below(random, 4)) {
      case 0: right = spawn_one(status) && right; break;
      case 1:
        right = WEXITSTATUS(system(("exit " + std::to_string(status)).c_str())) == status && right;
        break;
      default: right = fork_one(random, generation, status) && right; break;
    }
    live(random);
    checked++;
  }
  return right;
}

}  // namespace

TEST_CASE("random processes") {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  generator random(test_seed());
  const char* text = getenv("RT0_STRESS_SECONDS");
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds(text != nullptr ? atol(text) : 4);
  do {
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
      threads.emplace_back([&stop, seed = random()] {
        generator mine(seed);
        while (!stop) live(mine);
      });
    }
    constexpr int makers = 10;
    std::latch made(makers);
    for (int i = 0; i < makers; i++) {
      const auto make = [&made, seed = random()] {
        generator mine(seed);
        if (!make_processes(mine, 0, 3)) failed++;
        made.count_down();
      };
      if (i % 2 == 0) {
        rt::go({.stack_bytes = 256 * 1024}, make);
      } else {
        std::thread(make).detach();
      }
    }
    made.wait();
    stop = true;
    for (std::thread& t : threads) t.join();
  } while (std::chrono::steady_clock::now() < until);
  MESSAGE(checked << " processes");
  CHECK(failed == 0);
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}
