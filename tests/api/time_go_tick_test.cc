// Go 1.23's time/tick_test.go, in our terms, for what its GODEBUG calls asynctimerchan=0. Bounds as in
// time_go_sleep_test.cc.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <malloc.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>
#include <rt/sync.h>
#include <rt/time.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/api/time_values.h"

TEST_CASE("TestTicker") {
  constexpr auto delta = 2ms;
  constexpr int count = 10;
  rt::ticker ticker(delta);
  const auto t0 = steady_clock::now();
  std::optional<steady_clock::time_point> first, last;
  for (int i = 0; i < count / 2; i++) {
    last = ticker.c.recv();
    if (!first) first = last;
  }
  CHECK(*last - *first >= (count / 2 - 1) * delta);
  ticker.reset(delta * 2);
  for (int i = 0; i < count - count / 2; i++) ticker.c.recv();
  ticker.stop();
  // What is lost makes it longer, never shorter; the last tick may have been late, the next one is then not.
  CHECK(since(t0) >= 3 * delta * (count / 2) - delta * 3);
  rt::sleep_for(2 * delta);
  CHECK_FALSE(has_tick(ticker.c));
}

TEST_CASE("TestTeardown") {
  for (int i = 0; i < 3; i++) {
    rt::ticker ticker(2ms);
    CHECK(ticker.c.recv());
    ticker.stop();
  }
}

TEST_CASE("TestNewTickerLtZeroDuration, TestTickerResetLtZeroDuration") {
  CHECK_THROWS_AS(rt::ticker(-1ns), std::invalid_argument);
  rt::ticker ticker(1s);
  CHECK_THROWS_AS(ticker.reset(0s), std::invalid_argument);
}

TEST_CASE("TestLongAdjustTimers") {
  rt::wait_group all;
  for (int i = 0; i < 1000; i++) all.go([] { rt::sleep_for(10us); });
  for (int i = 0; i < 1000; i++) rt::sleep_for(1us);
  const rt::chan<std::function<void()>> in(0), out(0);
  all.go([=] {
    std::deque<std::function<void()>> queue;
    for (bool open = true; open;) {
      const auto take = [&](std::optional<std::function<void()>> f) {
        f ? queue.push_back(std::move(*f)) : void(open = false);
      };
      if (queue.empty()) {
        rt::select(rt::recv(in, take));
      } else {
        rt::select(rt::recv(in, take), rt::send(out, queue.front(), [&] { queue.pop_front(); }));
      }
    }
    out.close();
  });
  for (int i = 0; i < 100; i++) {
    for (int k = 0; k < 20; k++) in.send([] {});
    for (int k = 0; k < 20; k++) {
      REQUIRE(rt::select(rt::recv(out, [](std::optional<std::function<void()>> f) { REQUIRE(f); }),
                         rt::recv(rt::after(20s))) == 0);
    }
  }
  in.close();
  all.wait();
}

TEST_CASE("TestTimerGC: what is forgotten is freed, whatever is due") {
  const auto grows = [](auto f) {
    for (int i = 0; i < 100; i++) f();
    const auto before = static_cast<std::ptrdiff_t>(mallinfo2().uordblks);
    for (int i = 0; i < 1000; i++) f();
    return static_cast<std::ptrdiff_t>(mallinfo2().uordblks) - before >= 1000 * 16;
  };
  CHECK_FALSE(grows([] { (void)rt::after(1h); }));
  CHECK_FALSE(grows([] { rt::timer t(1h); }));
  CHECK_FALSE(grows([] { rt::ticker t(1h); }));
  CHECK_FALSE(grows([] { rt::timer t(1h, [] {}); }));
  CHECK_FALSE(grows([] {
    rt::timer t(1h);
    t.stop();
  }));
  CHECK_FALSE(grows([] {
    rt::ticker t(1h);
    t.stop();
  }));
  CHECK_FALSE(grows([] { rt::stop_after(1h).request_stop(); }));
  static std::vector<std::unique_ptr<char[]>> kept;  // the measure measures
  CHECK(grows([] { kept.emplace_back(new char[64]); }));
}

namespace {

// A ticker with a timer's answers.
struct ticker_timer {
  rt::ticker ticker;
  time_chan c = ticker.c;
  bool stopped = false;
  explicit ticker_timer(nanoseconds d) : ticker(d) {}
  bool stop() {
    ticker.stop();
    return !std::exchange(stopped, true);
  }
  bool reset(nanoseconds d) {
    ticker.reset(d);
    return !std::exchange(stopped, false);
  }
};

constexpr auto moment = 2ms;

template <class Timer>
void test_one_receiver(Timer& tim, bool is_ticker) {
  const rt::chan<bool> done(0);
  bool b = false;
  const auto is_done = [&] { return done.try_recv(b) != rt::chan_status::empty; };
  CHECK_FALSE(is_done());
  rt::go([=, c = tim.c] {
    c.recv();
    done.close();
  });
  rt::sleep_for(moment);
  CHECK_FALSE(is_done());
  tim.reset(20000s);
  rt::sleep_for(moment);
  CHECK_FALSE(is_done());
  tim.reset(1ns);
  CHECK_FALSE(done.recv());
  if (is_ticker) {
    CHECK(tim.c.recv());
  } else {
    CHECK_FALSE(has_tick(tim.c));
  }
  tim.stop();
  CHECK_FALSE(has_tick(tim.c));
}

template <class Timer>
void test_two_receivers(Timer& tim, bool is_ticker) {
  tim.reset(10000s);
  CHECK_FALSE(has_tick(tim.c));
  const rt::chan<bool> done(2);
  const rt::chan<int> stop(0);
  const auto waits = [=, c = tim.c] { rt::select(rt::recv(c, [&] { done.send(true); }), rt::recv(stop)); };
  auto one = rt::spawn(waits), two = rt::spawn(waits);
  rt::sleep_for(moment);
  CHECK(done.len() == 0);
  tim.reset(moment / 2);
  CHECK(done.recv());
  tim.stop();
  stop.close();
  one.join();
  two.join();
  if (!is_ticker) CHECK(done.len() == 0);
  CHECK_FALSE(has_tick(tim.c));
  // Both while it is stopped.
  const rt::chan<int> stop_again(0);
  const auto wait_for_none = [=, c = tim.c] { return rt::select(rt::recv(c), rt::recv(stop_again)); };
  auto three = rt::spawn(wait_for_none), four = rt::spawn(wait_for_none);
  rt::sleep_for(moment);
  stop_again.close();
  CHECK(three.get() == 1);
  CHECK(four.get() == 1);
}

template <class Timer>
void test_no_old_values(Timer& tim, bool is_ticker) {
  tim.reset(1ns);
  rt::sleep_for(moment);
  CHECK(tim.stop());
  CHECK_FALSE(has_tick(tim.c));
  tim.reset(1h);
  CHECK_FALSE(has_tick(tim.c));
  CHECK(tim.reset(1ns));
  CHECK(tim.c.recv());
  rt::sleep_for(moment);
  CHECK(has_tick(tim.c) == is_ticker);
  CHECK(tim.reset(1h) == is_ticker);
  CHECK_FALSE(has_tick(tim.c));
}

template <class Timer>
void test_timer_chan(bool is_ticker) {
  Timer tim(10000s);
  tim.stop();
  CHECK_FALSE(has_tick(tim.c));
  tim.reset(10000s);
  CHECK_FALSE(has_tick(tim.c));
  tim.reset(1ns);
  rt::sleep_for(moment);
  CHECK(tim.c.len() == 0);
  CHECK(tim.c.cap() == 0);
  CHECK(has_tick(tim.c));
  rt::sleep_for(moment);
  tim.reset(10000s);
  CHECK_FALSE(has_tick(tim.c));
  test_one_receiver(tim, is_ticker);
  test_two_receivers(tim, is_ticker);
  test_no_old_values(tim, is_ticker);
}

}  // namespace

TEST_CASE("TestChan: Timer") { test_timer_chan<rt::timer>(false); }
TEST_CASE("TestChan: Ticker") { test_timer_chan<ticker_timer>(true); }

TEST_CASE("TestAfterTimes, TestTickTimes: the time when it was due, not when it was received") {
  const auto before = steady_clock::now();
  const time_chan once = rt::after(2ms);
  rt::ticker ticker(2ms);
  const auto after = steady_clock::now();
  rt::sleep_for(20ms);
  for (const time_chan& c : {once, ticker.c}) {
    const auto t = c.recv();
    CHECK(*t >= before + 2ms);
    CHECK(*t <= after + 2ms);
  }
}
