// One P: everything that waits for something else in the program gets its turn, whatever the one that runs
// does. A loop without calls is made to give way, a system call leaves the P to others.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/go.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

// Until the flag is set. Nothing in the loop calls anything.
std::uint64_t spin_until(const std::atomic<bool>& flag) {
  std::uint64_t turns = 0;
  while (!flag.load(std::memory_order_relaxed)) turns++;
  return turns;
}

}  // namespace

TEST_CASE("a sleeper of 1 ms wakes within 30 ms beside a loop without calls, 20 times of 20") {
  REQUIRE(rt::gomaxprocs() == 1);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> turns{0};
  std::thread spinner([&] { turns = spin_until(stop); });
  steady::duration took[20];
  for (auto& one : took) {
    const auto from = steady::now();
    std::this_thread::sleep_for(1ms);
    one = steady::now() - from;
  }
  stop = true;
  spinner.join();
  for (const auto one : took) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(one).count();
    CHECK(us >= 1'000);
    CHECK(us <= 30'000);
  }
  CHECK(turns > 1'000);
}

TEST_CASE("a loop waits for a flag that only another thread sets") {
  for (int i = 0; i < 20; i++) {
    std::atomic<bool> flag{false};
    std::thread setter([&] { flag = true; });
    spin_until(flag);
    setter.join();
  }
}

TEST_CASE("two loops wait for each other in turns") {
  std::atomic<int> turn{0};
  const auto play = [&turn](int mine) {
    for (int i = 0; i < 10; i++) {
      while (turn.load(std::memory_order_relaxed) != mine) {
      }
      turn.store(1 - mine, std::memory_order_relaxed);
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  CHECK(turn == 0);
}

TEST_CASE("read() of an empty pipe leaves the P to who computes, and then writes") {
  for (int i = 0; i < 20; i++) {
    int fd[2];
    REQUIRE(pipe(fd) == 0);
    std::atomic<bool> reading{false};
    std::uint64_t sum = 0;
    std::thread writer([&] {
      while (!reading) std::this_thread::yield();
      const auto until = steady::now() + 2ms;
      while (steady::now() < until) sum++;
      CHECK(write(fd[1], "x", 1) == 1);
    });
    char byte = 0;
    reading = true;
    CHECK(read(fd[0], &byte, 1) == 1);
    CHECK(byte == 'x');
    writer.join();
    CHECK(sum > 0);
    close(fd[0]);
    close(fd[1]);
  }
}

TEST_CASE("read() that returns comes in between two loops without calls") {
  int fd[2];
  REQUIRE(pipe(fd) == 0);
  std::atomic<bool> stop{false};
  std::thread a([&] { spin_until(stop); }), b([&] { spin_until(stop); });
  std::thread writer([&] {
    for (int i = 0; i < 10; i++) CHECK(write(fd[1], "x", 1) == 1);
  });
  char byte = 0;
  for (int i = 0; i < 10; i++) REQUIRE(read(fd[0], &byte, 1) == 1);
  stop = true;
  for (std::thread* t : {&a, &b, &writer}) t->join();
  close(fd[0]);
  close(fd[1]);
}

// Goroutines that come back from a system call without a P go through the global queue to a P's ring, where
// who parks next switches to them directly. The parker is on its queue only when they say so: once they did
// not, and a goroutine was lost whenever the one before it had been in read().
TEST_CASE("who gives way to a goroutine that comes back from a system call is not lost") {
  constexpr int readers = 8, rounds = 40;
  int fd[readers][2];
  std::atomic<int> got{0};
  std::vector<std::thread> threads;
  for (auto& one : fd) {
    REQUIRE(pipe(one) == 0);
    threads.emplace_back([&got, in = one[0]] {
      for (char byte; read(in, &byte, 1) == 1; got++) std::this_thread::yield();
    });
  }
  for (int i = 1; i <= rounds; i++) {
    std::this_thread::sleep_for(12ms);  // the P is taken from each: all are in read()
    for (const auto& one : fd) REQUIRE(write(one[1], "x", 1) == 1);
    const auto until = steady::now() + 200us;
    while (steady::now() < until) {  // all wait for our P
    }
    while (got != i * readers) std::this_thread::sleep_for(50us);
  }
  for (const auto& one : fd) close(one[1]);
  for (auto& t : threads) t.join();
  for (const auto& one : fd) close(one[0]);
}
