// <rt/select.h>: every kind of case, fairness, what is moved when, and that nothing is left behind.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <pthread.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>
#include <semaphore.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/api/chan_values.h"

namespace {

using namespace std::chrono_literals;
using rt::chan;
using clock_ = std::chrono::steady_clock;

void until(std::size_t goroutines) {
  while (rt::num_goroutine() != goroutines) rt::yield();
}
void settle() {
  for (int i = 0; i < 20; i++) rt::yield();
  std::this_thread::sleep_for(1ms);
}
// Nobody waits at c: a leaked sudog would be served.
template <class T>
void nobody_waits(const chan<T>& c, T v) {
  CHECK(c.try_send(v) == rt::chan_status::full);
  CHECK(c.try_recv(v) == rt::chan_status::empty);
}

TEST_CASE("the ready case runs, and its index is returned") {
  const chan<int> a(1), b(1);
  int got = 0;
  a.send(4);
  CHECK(rt::select(rt::recv(b), rt::recv(a, [&](std::optional<int> v) { got = *v; })) == 1);
  CHECK(got == 4);
  CHECK(rt::select(rt::send(b, 5, [&] { got = 0; }), rt::recv(a)) == 0);
  CHECK((got == 0 && b.recv() == 5));
  CHECK(rt::select(rt::recv(a), rt::recv(b), rt::otherwise([&] { got = 9; })) == 2);
  CHECK(got == 9);
}

TEST_CASE("waiting: the first to become ready, and no sudog is left on the others") {
  for (int winner = 0; winner < 3; winner++) {
    const std::array<chan<int>, 3> c{chan<int>(0), chan<int>(0), chan<int>(0)};
    rt::go([&] {
      settle();
      if (winner == 2) {
        CHECK(c[2].recv() == 7);
      } else {
        c[winner].send(winner);
      }
    });
    CHECK(rt::select(rt::recv(c[0]), rt::recv(c[1]), rt::send(c[2], 7)) == static_cast<std::size_t>(winner));
    for (const auto& each : c) nobody_waits(each, 0);
    until(1);
  }
}

TEST_CASE("fair among the ready ones") {
  const chan<int> a(1), b(1), c(1);
  std::array<int, 3> chosen{};
  constexpr int rounds = 6000;
  for (int i = 0; i < rounds; i++) {
    int full = 0;
    (void)a.try_send(full), (void)b.try_send(full), (void)c.try_send(full);
    chosen[rt::select(rt::recv(a), rt::recv(b), rt::recv(c))]++;
  }
  // Six standard deviations of a binomial (6000, 1/3).
  for (const int n : chosen) CHECK((n > rounds / 3 - 220 && n < rounds / 3 + 220));
}

TEST_CASE("close makes both kinds ready; a chosen send on a closed channel throws and keeps the value") {
  const chan<std::unique_ptr<int>> c(0);
  bool told = false;
  rt::go([=] {
    settle();
    c.close();
  });
  CHECK(rt::select(rt::recv(c, [&](std::optional<std::unique_ptr<int>> v) { told = !v; })) == 0);
  CHECK(told);
  auto v = std::make_unique<int>(3);
  CHECK_THROWS_AS(rt::select(rt::send(c, std::move(v))), rt::closed_channel);
  CHECK(*v == 3);
  const chan<int> d(0);
  rt::go([=] {
    settle();
    d.close();
  });
  CHECK_THROWS_AS(rt::select(rt::send(d, 1), rt::recv(chan<int>())), rt::closed_channel);
  until(1);
}

TEST_CASE("a value is moved only if its case is chosen") {
  value_tally tally;
  const chan<tracked> full(0);
  tracked v(tally, 1);
  CHECK(rt::select(rt::send(full, std::move(v)), rt::timeout(1ms)) == 1);
  CHECK(rt::select(rt::send(full, std::move(v)), rt::otherwise()) == 1);
  CHECK((v.number() == 1 && tally.moves == 0));
  rt::go([&] { CHECK(full.recv()->number() == 1); });
  CHECK(rt::select(rt::send(full, std::move(v))) == 0);
  CHECK(v.number() == -1);
  until(1);
}

TEST_CASE("timeouts") {
  const chan<int> never(0);
  auto start = clock_::now();
  bool ran = false;
  CHECK(rt::select(rt::timeout(1h), rt::recv(never), rt::timeout(5ms, [&] { ran = true; })) == 2);
  CHECK((ran && clock_::now() - start >= 5ms));
  nobody_waits(never, 0);
  CHECK(rt::select(rt::recv(never), rt::timeout(0s)) == 1);
  CHECK(rt::select(rt::recv(never), rt::timeout(-1s)) == 1);
  const chan<int> ready(1);
  ready.send(1);
  CHECK(rt::select(rt::timeout(-1s), rt::recv(ready)) == 1);
  rt::go([&] {
    settle();
    never.send(1);
  });
  CHECK(rt::select(rt::recv(never), rt::timeout(std::chrono::hours::max())) == 0);
  until(1);
}

TEST_CASE("stop tokens: before, while waiting, from itself, never") {
  const chan<int> never(0);
  std::stop_source before;
  before.request_stop();
  bool ran = false;
  CHECK(rt::select(rt::recv(never), rt::stopped(before.get_token(), [&] { ran = true; })) == 1);
  CHECK(ran);
  for (int i = 0; i < 100; i++) {
    std::stop_source source, other;
    rt::go([&, i] {
      for (int k = 0; k < i % 10; k++) rt::yield();
      source.request_stop();
    });
    CHECK(rt::select(rt::stopped(other.get_token()), rt::stopped(source.get_token()), rt::recv(never)) == 1);
    until(1);
  }
  nobody_waits(never, 0);
  CHECK(rt::select(rt::recv(never), rt::stopped(std::stop_token()), rt::otherwise()) == 2);
  // A stopped case is one among the ready ones.
  const chan<int> ready(1);
  std::array<int, 2> chosen{};
  for (int i = 0; i < 300; i++) {
    int v = 0;
    (void)ready.try_send(v);
    chosen[rt::select(rt::recv(ready), rt::stopped(before.get_token()))]++;
  }
  CHECK((chosen[0] > 50 && chosen[1] > 50));
}

TEST_CASE("a stop request and a value at the same time: one of them, and the value is not lost") {
  for (int i = 0; i < 300; i++) {
    const chan<int> c(0);
    std::stop_source source;
    std::atomic<bool> sent{false};
    rt::go([&] { sent = rt::select(rt::send(c, 1), rt::timeout(20ms)) == 0; });
    std::jthread stopper([&] { source.request_stop(); });
    const bool got = rt::select(rt::recv(c), rt::stopped(source.get_token())) == 0;
    if (!got) (void)c.recv();
    stopper.join();
    until(1);
    CHECK(sent);
  }
}

TEST_CASE("handlers: an exception is select's; they run when the channel is free") {
  const chan<int> c(1);
  c.send(1);
  CHECK_THROWS_AS(rt::select(rt::recv(c,
                                      [&](std::optional<int>) {
                                        c.send(2);
                                        throw std::runtime_error("handler");
                                      })),
                  std::runtime_error);
  CHECK(c.recv() == 2);
}

TEST_CASE("one channel in several cases, and both ways") {
  const chan<int> c(0);
  rt::go([&] {
    for (int i = 0; i < 100; i++) c.send(i);
  });
  for (int i = 0; i < 100; i++) {
    int got = -1;
    const auto take = [&](std::optional<int> v) { got = *v; };
    rt::select(rt::recv(c, take), rt::recv(c, take), rt::recv(c, take));
    CHECK(got == i);
  }
  until(1);
  // Two that both send and receive on one channel serve each other, never themselves.
  const chan<int> both(0);
  std::atomic<int> sent{0}, received{0};
  for (int k = 0; k < 2; k++) {
    rt::go([&, k] {
      for (int i = 0; i < 1000; i++) {
        rt::select(rt::send(both, k, [&] { ++sent; }), rt::recv(both, [&](std::optional<int> v) {
                     CHECK(v != k);
                     ++received;
                   }));
      }
    });
  }
  until(1);
  CHECK((sent == 1000 && received == 1000));
}

TEST_CASE("moves that throw in a waiting select") {
  value_tally tally;
  const chan<tracked> c(0), one(1);
  std::atomic<int> got{0};
  rt::go(
      [&] { rt::select(rt::recv(c, [&](std::optional<tracked> v) { got = v->number(); }), rt::recv(one)); });
  settle();
  tracked v(tally, 5);
  tracked::until_throw = 1;
  CHECK_THROWS_AS(c.send(std::move(v)), std::domain_error);  // into send's parameter
  tracked::until_throw = 1;
  CHECK_THROWS_AS((void)c.try_send(v), std::domain_error);  // to the receiver, who begins anew
  settle();
  CHECK(got == 0);
  c.send(std::move(v));
  until(1);
  CHECK(got == 5);
  // The receiver that makes room works for the select that sends.
  one.send(tracked(tally, 1));
  std::atomic<bool> thrown{false};
  rt::go([&] {
    try {
      rt::select(rt::send(one, tracked(tally, 2)), rt::recv(c));
    } catch (const std::domain_error&) {
      thrown = true;
    }
  });
  settle();
  tracked::until_throw = 2;
  CHECK(one.recv()->number() == 1);
  until(1);
  CHECK(thrown);
  CHECK(one.len() == 0);
}

TEST_CASE("a number of cases that is known at run time only") {
  constexpr int channels = 300;
  std::vector<chan<int>> c;
  std::vector<rt::select_case> cases;
  int got = -1;
  for (int i = 0; i < channels; i++) {
    c.emplace_back(0);
    cases.push_back(rt::recv(c[i], [&](std::optional<int> v) { got = *v; }));
  }
  rt::go([&] {
    for (int i = 0; i < channels; i++) c[(i * 7) % channels].send(i);
  });
  for (int i = 0; i < channels; i++) {
    CHECK(rt::select(cases) == static_cast<std::size_t>((i * 7) % channels));
    CHECK(got == i);
  }
  until(1);
  std::stop_source source;
  const chan<std::string> out(1);
  std::vector<rt::select_case> others;
  others.push_back(rt::stopped(source.get_token()));
  others.push_back(rt::timeout(1h));
  others.push_back(rt::send(out, "owned by the case"));
  CHECK(rt::select(others) == 2);
  CHECK(out.recv() == "owned by the case");
  out.send("full");
  rt::go([&] { source.request_stop(); });
  CHECK(rt::select(others) == 0);
  others.push_back(rt::otherwise());
  CHECK(rt::select(std::span(others).last(1)) == 0);
  // The case keeps its channel.
  std::vector<rt::select_case> keeps;
  {
    chan<int> local(1);
    local.send(3);
    keeps.push_back(rt::recv(local, [&](std::optional<int> v) { got = *v; }));
  }
  CHECK(rt::select(keeps) == 0);
  CHECK(got == 3);
  until(1);
}

TEST_CASE("with otherwise: what is ready all the time is never missed") {
  // Go's TestNonblockSelectRace: one of the two always has a value while the select looks.
  for (int i = 0; i < 2000; i++) {
    const chan<int> c1(1), c2(1);
    std::atomic<int> found{-1};
    c1.send(1);
    rt::go([&] { found = rt::select(rt::recv(c1), rt::recv(c2), rt::otherwise()) != 2; });
    c2.send(1);
    rt::select(rt::recv(c1), rt::otherwise());
    while (found == -1) rt::yield();
    CHECK(found == 1);
  }
}

TEST_CASE("selects that lock the same channels in different orders") {
  const chan<int> a(0), b(0);
  constexpr int each = 2000;
  std::atomic<int> done{0};
  for (int k = 0; k < 4; k++) {
    rt::go([&, k] {
      for (int i = 0; i < each; i++) {
        if (k % 2 == 0) {
          rt::select(rt::send(a, i), rt::send(b, i));
        } else {
          rt::select(rt::recv(b), rt::recv(a));
        }
      }
      ++done;
    });
  }
  until(1);
  CHECK(done == 4);
}

std::atomic<int> handled{0};

TEST_CASE("a signal's handler runs in a goroutine that waits, which then waits on") {
  struct sigaction action {};
  action.sa_handler = [](int) { ++handled; };
  REQUIRE(sigaction(SIGUSR1, &action, nullptr) == 0);
  const pthread_t self = pthread_self();
  const chan<int> c(0), d(0);
  for (int i = 0; i < 50; i++) {
    const int before = handled;
    rt::go([&, i] {
      if (i % 3 == 0) settle();
      pthread_kill(self, SIGUSR1);
      while (handled == before) rt::yield();
      i % 2 == 0 ? c.send(i) : d.send(i);
    });
    std::optional<int> got;
    if (i % 2 == 0) {
      got = c.recv();
    } else {
      rt::select(rt::recv(c), rt::recv(d, [&](std::optional<int> v) { got = v; }), rt::timeout(1h));
    }
    CHECK(got == i);
    CHECK(handled == before + 1);
    nobody_waits(c, 0), nobody_waits(d, 0);
  }
  std::signal(SIGUSR1, SIG_DFL);
}

TEST_CASE("signals while values are handed over: none of either is lost") {
  struct sigaction action {};
  action.sa_handler = [](int) { ++handled; };
  REQUIRE(sigaction(SIGUSR1, &action, nullptr) == 0);
  const pthread_t self = pthread_self();
  const chan<int> c(0);
  std::atomic<bool> stop{false};
  std::thread kicker([&] {
    while (!stop) {
      pthread_kill(self, SIGUSR1);
      rt::yield();
    }
  });
  rt::go([=] {
    for (int i = 0; i < 5000; i++) c.send(i);
    c.close();
  });
  int expected = 0;
  for (int v : c) CHECK(v == expected++);
  CHECK(expected == 5000);
  stop = true;
  kicker.join();
  std::signal(SIGUSR1, SIG_DFL);
}

TEST_CASE("a case keeps the channel that nobody else has") {
  const auto made = [] {
    chan<int> c(1);
    c.send(5);
    return c;
  };
  std::optional<int> got;
  auto one = rt::recv(made(), [&](std::optional<int> v) { got = v; });
  CHECK(rt::select(one) == 0);
  CHECK(got == 5);
}

// Its handler begins a wait of its own. It may not come between the stop tokens' arming and the park.
TEST_CASE("a handler that waits, in a goroutine whose select is about to") {
  static sem_t gate;
  REQUIRE(sem_init(&gate, 0, 0) == 0);
  std::signal(SIGUSR1, [](int) {
    while (sem_wait(&gate) != 0) {
    }
  });
  const chan<int> c(0);
  const std::stop_source stop;
  std::atomic<bool> end{false};
  std::thread receives([&] {
    std::vector<rt::select_case> cases;
    int expected = 0, got = 0;
    bool closed = false;
    cases.push_back(rt::recv(c, [&](std::optional<int> v) { closed = !v, got = v.value_or(0); }));
    for (int i = 0; i < 40; i++) cases.push_back(rt::stopped(stop.get_token()));
    for (; rt::select(cases) == 0 && !closed; expected++) CHECK(got == expected);
    end = true;
  });
  std::thread opens([&] {
    for (int value = 0; !end; rt::yield()) {
      sem_getvalue(&gate, &value);
      if (value <= 0) sem_post(&gate);
    }
  });
  std::thread interrupts([&, t = receives.native_handle()] {
    for (; !end; rt::yield()) pthread_kill(t, SIGUSR1);
  });
  for (int i = 0; i < 3000; i++) c.send(i);
  c.close();
  interrupts.join();
  opens.join();
  receives.join();
  std::signal(SIGUSR1, SIG_DFL);
}

TEST_CASE("slow moves between selects") {
  const chan<slow> a(0), b(0);
  std::atomic<long> sum{0};
  constexpr int each = 300;
  for (int k = 0; k < 3; k++) {
    rt::go([&] {
      for (int i = 0; i < each; i++) rt::select(rt::send(a, slow(1)), rt::send(b, slow(1)));
    });
    rt::go([&] {
      const auto add = [&](std::optional<slow> v) { sum += v->number; };
      for (int i = 0; i < each; i++) rt::select(rt::recv(a, add), rt::recv(b, add));
    });
  }
  until(1);
  CHECK(sum == 3 * each);
}

}  // namespace
