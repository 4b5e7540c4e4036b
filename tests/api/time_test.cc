// <rt/time.h>: what Go's tests (time_go_sleep_test.cc, time_go_tick_test.cc) do not ask. Bounds are from
// below only, or wide enough to tell a hang.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>
#include <rt/sync.h>
#include <rt/time.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include "tests/api/time_values.h"

namespace {

constexpr auto for_ever = std::chrono::hours::max();

// A clock that runs at a tenth of the speed, and of which one asks in tenths of a second.
struct slow_clock {
  using rep = double;
  using period = std::deci;
  using duration = std::chrono::duration<rep, period>;
  using time_point = std::chrono::time_point<slow_clock>;
  static constexpr bool is_steady = true;
  static time_point now() { return time_point(steady_clock::now().time_since_epoch() / 10.0); }
};

}  // namespace

TEST_CASE("sleep_for and sleep_until, any duration, any clock") {
  const auto begin = steady_clock::now();
  rt::sleep_for(2ms);
  CHECK(since(begin) >= 2ms);
  rt::sleep_for(std::chrono::duration<double, std::micro>(0.5));
  rt::sleep_until(steady_clock::now() + 1ms);
  const auto wall = std::chrono::system_clock::now() + 3ms;
  rt::sleep_until(wall);
  CHECK(std::chrono::system_clock::now() >= wall);
  const auto slow = slow_clock::now() + 1ms;
  const auto real = steady_clock::now();
  rt::sleep_until(slow);
  CHECK(slow_clock::now() >= slow);
  CHECK(since(real) >= 9ms);
  // What has passed.
  rt::sleep_for(0s);
  rt::sleep_for(-1h);
  rt::sleep_for(std::chrono::hours::min());
  rt::sleep_until(steady_clock::time_point::min());
  rt::sleep_until(std::chrono::time_point<std::chrono::system_clock, std::chrono::hours>::min());
}

TEST_CASE("a sleep that a stop ends") {
  std::stop_source stop;
  CHECK(rt::sleep_for(1ms, stop.get_token()));
  CHECK(rt::sleep_for(1ms, std::stop_token()));
  CHECK(rt::sleep_until(steady_clock::now() - 1s, stop.get_token()));
  const auto begin = steady_clock::now();
  std::jthread other([&] {
    rt::sleep_for(2ms);
    stop.request_stop();
  });
  CHECK_FALSE(rt::sleep_for(for_ever, stop.get_token()));
  CHECK(since(begin) >= 2ms);
  CHECK_FALSE(rt::sleep_until(steady_clock::time_point::max(), stop.get_token()));
  CHECK_FALSE(rt::sleep_for(0s, stop.get_token()));
}

TEST_CASE("waits of <rt/sync.h> until the end of time do not end at once") {
  rt::timed_mutex m;
  rt::condition_variable changed;
  rt::counting_semaphore<> permits(0);
  m.lock();
  std::thread other([&] {
    CHECK(m.try_lock_for(for_ever));
    m.unlock();
    CHECK(permits.try_acquire_until(std::chrono::time_point<steady_clock, std::chrono::hours>::max()));
  });
  rt::sleep_for(2ms);
  m.unlock();
  permits.release();
  other.join();
  rt::mutex guard;
  std::unique_lock lock(guard);
  std::stop_source stop = rt::stop_after(2ms);
  CHECK_FALSE(changed.wait_for(lock, stop.get_token(), for_ever, [] { return false; }));
  CHECK(stop.stop_requested());
}

TEST_CASE("after, in select and alone") {
  const auto before = steady_clock::now();
  const time_chan c = rt::after(3ms);
  const auto after = steady_clock::now();
  CHECK(c.cap() == 0);
  const auto tick = c.recv();
  REQUIRE(tick);
  CHECK(steady_clock::now() >= *tick);
  CHECK(*tick >= before + 3ms);
  CHECK(*tick <= after + 3ms);
  CHECK_FALSE(has_tick(c));
  const rt::chan<int> silent(0);
  CHECK(rt::select(rt::recv(silent), rt::recv(rt::after(1ms))) == 1);
  CHECK(rt::select(rt::recv(rt::after(for_ever)), rt::recv(rt::after(1ms)), rt::timeout(10h)) == 1);
  CHECK(rt::select(rt::recv(rt::after(for_ever)), rt::timeout(1ms)) == 1);
  CHECK(rt::select(rt::recv(rt::after(0s)), rt::otherwise()) == 0);
  CHECK(rt::select(rt::recv(rt::after(1h)), rt::otherwise()) == 1);
  std::vector<rt::select_case> cases;
  cases.emplace_back(rt::recv(rt::after(1h)));
  cases.emplace_back(rt::recv(rt::after(1ms)));
  cases.emplace_back(rt::stopped({}));
  CHECK(rt::select(cases) == 1);
}

TEST_CASE("a ticker's ticks are a period apart, and a slow receiver loses some") {
  const auto before = steady_clock::now();
  rt::ticker every(1ms);
  const auto after = steady_clock::now();
  std::optional<steady_clock::time_point> last;
  for (int i = 0; i < 5; i++) {
    const auto tick = every.c.recv();
    REQUIRE(tick);
    CHECK(since(*tick) >= 0s);
    if (last) {
      CHECK((*tick - *last) % 1ms == 0s);
      CHECK(*tick > *last);
    } else {
      CHECK(*tick >= before + 1ms);
      CHECK(*tick <= after + 1ms);
    }
    last = tick;
  }
  rt::sleep_for(10ms);
  const auto late = every.c.recv();
  CHECK(since(*late) >= 8ms);  // the oldest one that was not received says when it was
  const auto now = steady_clock::now();
  const auto next = every.c.recv();
  CHECK(*next > now - 1ms);  // those between are lost
  every.stop();
  CHECK_FALSE(has_tick(every.c));
}

TEST_CASE("closing a clock's channel ends who waits; a sent value comes before the tick") {
  rt::ticker every(1h);
  int ticks = 0;
  std::thread other([&] {
    for ([[maybe_unused]] auto t : every.c) ticks++;
  });
  every.c.send(steady_clock::time_point(1ns));
  every.c.close();
  other.join();
  CHECK(ticks == 1);
  every.reset(1ns);
  CHECK_FALSE(every.c.recv());
  CHECK(every.c.closed());
  const time_chan c = rt::after(0s);
  std::thread sender([&] { c.send(steady_clock::time_point(1ns)); });
  const auto one = c.recv(), two = c.recv();
  sender.join();
  CHECK(std::min(*one, *two) == steady_clock::time_point(1ns));
}

TEST_CASE("every tick goes to one receiver") {
  rt::ticker every(200us);
  std::vector<std::vector<steady_clock::time_point>> got(4);
  {
    std::vector<std::jthread> receivers;
    for (auto& mine : got) {
      receivers.emplace_back([&] {
        for (auto t : every.c) mine.push_back(t);
      });
    }
    rt::sleep_for(20ms);
    every.c.close();
  }
  std::vector<steady_clock::time_point> all;
  for (auto& mine : got) {
    CHECK(std::ranges::is_sorted(mine));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::ranges::sort(all);
  CHECK_FALSE(all.empty());
  CHECK(std::ranges::adjacent_find(all) == all.end());
}

TEST_CASE("a timer's function runs once, in a goroutine of its own") {
  const auto begin = steady_clock::now();
  rt::chan<std::uint64_t> who(1);
  rt::timer t(2ms, [=] { who.send(rt::goid()); });
  CHECK_FALSE(t.c);
  CHECK(*who.recv() != rt::goid());
  CHECK(since(begin) >= 2ms);
  CHECK_FALSE(t.stop());
  CHECK_FALSE(t.reset(1h));
  CHECK(t.reset(0s));
  CHECK(who.recv());
  CHECK_FALSE(t.reset(for_ever));
  CHECK(t.stop());
  CHECK_FALSE(t.stop());
}

TEST_CASE("a function may reset and destroy its own timer, and outlive its handle") {
  rt::chan<int> done(0);
  std::optional<rt::timer> again;
  std::atomic<int> runs{0};
  rt::mutex ready;
  ready.lock();
  again.emplace(0s, [&] {
    const std::lock_guard hold(ready);
    if (++runs < 3) {
      CHECK_FALSE(again->reset(0s));
    } else {
      again.reset();
      done.send(1);
    }
  });
  ready.unlock();
  CHECK(done.recv());
  CHECK(runs == 3);
  auto kept = std::make_shared<int>(7);
  const std::weak_ptr<int> seen = kept;
  rt::chan<int> go_on(0), started(0);
  {
    rt::timer t(0s, [=, kept = std::move(kept)] {
      started.send(1);
      go_on.recv();
      done.send(*kept);
    });
    started.recv();
  }  // destroyed while its function runs
  CHECK_FALSE(seen.expired());
  go_on.send(1);
  CHECK(*done.recv() == 7);
  while (!seen.expired()) rt::yield();
}

TEST_CASE("moving a timer; misuse") {
  rt::chan<int> fired(8);
  rt::timer a(1h, [=] { fired.send(1); });
  rt::timer b(std::move(a));
  CHECK_FALSE(a.stop());
  CHECK_THROWS_AS(a.reset(1s), rt::nil_channel);
  rt::timer c(1h, [=] { fired.send(2); });
  c = std::move(b);
  CHECK(c.reset(0s));
  CHECK(*fired.recv() == 1);
  rt::ticker tick(1h), other(1ns);
  const time_chan of_tick = tick.c;
  tick = std::move(other);
  CHECK(tick.c.recv());
  CHECK_FALSE(has_tick(of_tick));
  CHECK_THROWS_AS(other.reset(1s), rt::nil_channel);
  other.stop();
  CHECK_THROWS_AS(rt::timer(1s, nullptr), std::invalid_argument);
  CHECK_THROWS_AS(rt::ticker(0s), std::invalid_argument);
  CHECK_THROWS_AS(rt::ticker(-1ns), std::invalid_argument);
  CHECK_THROWS_AS(tick.reset(0s), std::invalid_argument);
  CHECK(has_tick(tick.c));
}

TEST_CASE("stop_after") {
  CHECK(rt::stop_after(0s).stop_requested());
  CHECK(rt::stop_after(-1h).stop_requested());
  const auto begin = steady_clock::now();
  std::stop_source stop = rt::stop_after(2ms);
  const rt::chan<int> silent(0);
  CHECK(rt::select(rt::recv(silent), rt::stopped(stop.get_token())) == 1);
  CHECK(since(begin) >= 2ms);
  // In a goroutine of its own, so a callback may wait.
  std::stop_source second = rt::stop_after(1ms);
  rt::chan<int> called(0);
  const std::stop_callback on_stop(second.get_token(), [=] { called.send(1); });
  CHECK(called.recv());
  // Early, late, at the same moment, and with nobody left.
  for (int i = 0; i < 200; i++) {
    std::stop_source early = rt::stop_after(std::chrono::microseconds(i % 20));
    if (i % 3 == 0) rt::sleep_for(std::chrono::microseconds(i % 20));
    if (i % 2 == 0) early.request_stop();
  }
  (void)rt::stop_after(for_ever);
}

TEST_CASE("a timer's goroutine has its maker's signal mask") {
  sigset_t block, before, now;
  sigemptyset(&block);
  sigaddset(&block, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &block, &before);
  rt::chan<bool> blocked(0);
  rt::timer t(1ms, [&] {
    pthread_sigmask(SIG_BLOCK, nullptr, &now);
    blocked.send(sigismember(&now, SIGUSR2) == 1 && sigismember(&now, SIGUSR1) == 0);
  });
  CHECK(*blocked.recv());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("a fork's child has no pending timers, and can set them") {
  rt::chan<int> fired(4);
  rt::timer pending(1h, [=] { fired.send(1); });
  rt::timer soon(20ms, [=] { fired.send(2); });
  const pid_t child = fork();
  if (child == 0) {
    int failed = 0;
    rt::sleep_for(40ms);
    const bool was_pending = soon.stop();  // when the process forked
    if (was_pending && fired.len() != 0) failed |= 1;
    if (soon.stop()) failed |= 2;
    if (!pending.reset(0s)) failed |= 4;
    if (was_pending && fired.recv() != 1) failed |= 8;
    _exit(failed);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(*fired.recv() == 2);
  CHECK(pending.stop());
}

TEST_CASE("inside of rt::blocking") {
  rt::chan<int> fired(1);
  rt::blocking([&] {
    rt::timer t(1ms, [=] { fired.send(1); });
    rt::sleep_for(1ms);
    CHECK(rt::after(1ms).recv());
    CHECK(fired.recv());
  });
}
