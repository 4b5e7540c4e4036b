// The wait protocol from inside: one claim ends a wait, others touch nothing; the wait table under random
// timeouts.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <vector>

#include "runtime/sched/park.h"
#include "runtime/sched/sched.h"
#include "runtime/sync/wait_table.h"
#include "sys/clock.h"
#include "tests/runtime/seed.h"

using rt0::claim;
using rt0::claim_state;
using rt0::gopark;
using rt0::wait_reason;
using rt0::wait_result;

TEST_CASE("a ticket claimed before the park ends the wait at once") {
  const auto ticket = rt0::begin_wait();
  CHECK(claim(ticket, claim_state::woken));
  CHECK_FALSE(claim(ticket, claim_state::timed_out));
  CHECK(gopark(ticket, wait_reason::futex, rt0::forever) == claim_state::woken);
}

TEST_CASE("the first claim wins, and an old ticket claims nothing") {
  const auto old = rt0::begin_wait();
  CHECK(claim(old, claim_state::cancelled));
  CHECK(gopark(old, wait_reason::futex, rt0::forever) == claim_state::cancelled);
  const auto ticket = rt0::begin_wait();
  CHECK_FALSE(claim(old, claim_state::woken));
  std::thread waker([ticket] {
    CHECK(claim(ticket, claim_state::woken));
    CHECK_FALSE(claim(ticket, claim_state::cancelled));
  });
  CHECK(gopark(ticket, wait_reason::futex, rt0::forever) == claim_state::woken);
  waker.join();
}

TEST_CASE("a deadline claims as timed_out, not early") {
  const std::int64_t until = rt0::sys::nanotime() + 3'000'000;
  CHECK(gopark(rt0::begin_wait(), wait_reason::sleep, until) == claim_state::timed_out);
  CHECK(rt0::sys::nanotime() >= until);
}

TEST_CASE("a wake after a long deadline leaves no timer behind") {
  for (int i = 0; i < 100; i++) {
    const auto ticket = rt0::begin_wait();
    std::thread waker([ticket] { claim(ticket, claim_state::woken); });
    CHECK(gopark(ticket, wait_reason::futex, rt0::sys::nanotime() + 3'600'000'000'000) == claim_state::woken);
    CHECK(rt0::getg()->wait_timer.heap == nullptr);
    waker.join();
  }
  CHECK(rt0::getm()->p->timers.next_when() == rt0::no_timer);
}

TEST_CASE("wait_if_equal: not equal, woken in order, only that address") {
  std::uint32_t word = 1, other = 1;
  CHECK(rt0::wait_if_equal(&word, 2, rt0::forever, wait_reason::futex) == wait_result::not_equal);
  std::atomic<rt0::g*> waiter{nullptr};
  std::atomic<int> woken{0}, last{-1};
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; i++) {
    waiter = nullptr;
    threads.emplace_back([&, i] {
      waiter = rt0::getg();
      CHECK(rt0::wait_if_equal(&word, 1, rt0::forever, wait_reason::futex) == wait_result::woken);
      last = i;
      woken++;
    });
    // It stands in the table before its status says so.
    while (waiter == nullptr || rt0::readgstatus(waiter) != rt0::gstatus::waiting) std::this_thread::yield();
  }
  CHECK(rt0::wake(&other, 100) == 0);
  for (int i = 0; i < 3; i++) {
    CHECK(rt0::wake(&word, 1) == 1);
    while (woken <= i) std::this_thread::yield();
    CHECK(last == i);
  }
  CHECK(rt0::wake(&word, 100) == 2);
  for (auto& t : threads) t.join();
  CHECK(woken == 5);
}

// Every wait ends once: as many wakes were counted by the wakers as by the waiters, whatever the timeouts do.
TEST_CASE("random waits, wakes and timeouts balance") {
  const std::uint64_t seed = test_seed();
  static std::uint32_t words[3] = {};
  std::atomic<std::size_t> woken{0}, timed_out{0};
  std::size_t wakes = 0;
  std::atomic<int> running{20};
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; i++) {
    threads.emplace_back([&, i] {
      std::mt19937_64 random(seed + static_cast<std::uint64_t>(i));
      for (int round = 0; round < 500; round++) {
        const auto until = rt0::sys::nanotime() + static_cast<std::int64_t>(random() % 200'000);
        const auto how = rt0::wait_if_equal(&words[random() % 3], 0, until, wait_reason::futex);
        CHECK(how != wait_result::not_equal);
        how == wait_result::woken ? woken++ : timed_out++;
      }
      running--;
    });
  }
  std::mt19937_64 random(seed);
  while (running > 0) {
    wakes += static_cast<std::size_t>(rt0::wake(&words[random() % 3], static_cast<int>(random() % 3)));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20));
  }
  for (auto& t : threads) t.join();
  CHECK(woken == wakes);
  CHECK(woken + timed_out == 20 * 500);
  CHECK(woken > 0);
  CHECK(timed_out > 0);
}
