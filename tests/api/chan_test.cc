// <rt/chan.h>: values and their moves, waiting, closing, the nil channel.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/chan.h>
#include <rt/go.h>

#include <array>
#include <chrono>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tests/api/chan_values.h"

namespace {

using rt::chan;
using rt::chan_status;

void until(std::size_t goroutines) {
  while (rt::num_goroutine() != goroutines) rt::yield();
}
// Everybody who can run has run until he waits: with one P exact, else likely.
void settle() {
  for (int i = 0; i < 20; i++) rt::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

static_assert(std::input_iterator<chan<int>::iterator>);
static_assert(std::sentinel_for<std::default_sentinel_t, chan<int>::iterator>);
static_assert(std::is_nothrow_copy_constructible_v<chan<std::unique_ptr<int>>>);

TEST_CASE("an unbuffered channel hands over, and the sender waits for it") {
  const chan<int> c(0);
  std::atomic<int> sent{0};
  rt::go([&] {
    for (int i = 0; i < 3; i++, ++sent) c.send(i);
    c.close();
  });
  settle();
  CHECK(sent == 0);
  CHECK(c.len() == 0);
  for (int i = 0; i < 3; i++) CHECK(c.recv() == i);
  CHECK(c.recv() == std::nullopt);
  until(1);
  CHECK(sent == 3);
}

TEST_CASE("a buffered channel keeps capacity values, in order") {
  const chan<int> c(3);
  std::atomic<int> sent{0};
  rt::go([&] {
    for (int i = 0; i < 7; i++, ++sent) c.send(i);
  });
  settle();
  CHECK(sent == 3);
  CHECK((c.len() == 3 && c.cap() == 3));
  for (int i = 0; i < 7; i++) CHECK(c.recv() == i);
  until(1);
  CHECK(c.len() == 0);
}

TEST_CASE("waiters are served in the order in which they came") {
  rt::chan<int> c(0), order(100);
  for (int i = 0; i < 20; i++) {
    rt::go([=] {
      const int v = *c.recv();
      order.send(i * 100 + v);
    });
    settle();
  }
  for (int i = 0; i < 20; i++) {
    c.send(i);
    CHECK(order.recv() == i * 101);
  }
}

TEST_CASE("close: the buffer is drained first, then nullopt for ever; sending throws") {
  const chan<std::string> c(4);
  c.send("a");
  c.send("b");
  CHECK_FALSE(c.closed());
  c.close();
  CHECK(c.closed());
  CHECK_THROWS_WITH_AS(c.send("c"), "rt::chan: send on closed channel", rt::closed_channel);
  CHECK_THROWS_WITH_AS(c.close(), "rt::chan: close of closed channel", rt::closed_channel);
  CHECK(c.recv() == "a");
  std::string left = "before";
  CHECK(c.try_recv(left) == chan_status::ok);
  CHECK(left == "b");
  CHECK(c.try_recv(left) == chan_status::closed);
  CHECK(c.try_send(left) == chan_status::closed);
  CHECK(left == "b");
  for (int i = 0; i < 3; i++) CHECK_FALSE(c.recv().has_value());
}

TEST_CASE("close tells all who wait") {
  const chan<int> in(0), out(0);
  std::atomic<int> told{0}, thrown{0};
  for (int i = 0; i < 10; i++) {
    rt::go([&] {
      if (!in.recv()) ++told;
    });
    rt::go([&] {
      try {
        out.send(1);
      } catch (const rt::closed_channel&) {
        ++thrown;
      }
    });
  }
  settle();
  in.close();
  out.close();
  until(1);
  CHECK((told == 10 && thrown == 10));
}

TEST_CASE("try_send and try_recv do not wait, and move only when they succeed") {
  const chan<std::unique_ptr<int>> c(1);
  auto a = std::make_unique<int>(1), b = std::make_unique<int>(2);
  CHECK(c.try_recv(a) == chan_status::empty);
  CHECK(*a == 1);
  CHECK(c.try_send(a) == chan_status::ok);
  CHECK(a == nullptr);
  CHECK(c.try_send(b) == chan_status::full);
  CHECK(*b == 2);
  CHECK(c.try_recv(a) == chan_status::ok);
  CHECK(*a == 1);

  const chan<int> unbuffered(0);
  int v = 5;
  CHECK(unbuffered.try_send(v) == chan_status::full);
  rt::go([&] { CHECK(unbuffered.recv() == 5); });
  while (unbuffered.try_send(v) == chan_status::full) rt::yield();
  rt::go([&] { unbuffered.send(6); });
  while (unbuffered.try_recv(v) == chan_status::empty) rt::yield();
  CHECK(v == 6);
  until(1);
}

TEST_CASE("the nil channel") {
  const chan<int> nil;
  int v = 1;
  CHECK_FALSE(nil);
  CHECK(chan<int>(0));
  CHECK(nil.try_send(v) == chan_status::full);
  CHECK(nil.try_recv(v) == chan_status::empty);
  CHECK((nil.len() == 0 && nil.cap() == 0 && !nil.closed()));
  CHECK_THROWS_WITH_AS(nil.close(), "rt::chan: close of nil channel", rt::nil_channel);
}

TEST_CASE("capacities that fit in no memory") {
  CHECK_THROWS_AS(chan<int>(static_cast<std::size_t>(-1)), std::length_error);
  CHECK_THROWS_AS(chan<int>(std::numeric_limits<std::size_t>::max() / 4), std::length_error);
  CHECK_THROWS_AS((chan<std::array<char, 1 << 20>>(std::size_t{1} << 40)), std::bad_alloc);
  struct nothing {};
  const chan<nothing> c(std::numeric_limits<std::size_t>::max());  // values without a state need no room
  for (int i = 0; i < 1000; i++) c.send({});
  CHECK(c.len() == 1000);
  CHECK(c.recv());
}

TEST_CASE("handles: copies are the same channel, which frees what is left in it") {
  value_tally tally;
  {
    chan<tracked> c(8);
    chan<tracked> same = c, other(1);
    CHECK(same == c);
    CHECK_FALSE(other == c);
    for (int i = 0; i < 5; i++) c.send(tracked(tally, i));
    CHECK(tally.alive == 5);
    c = chan<tracked>();
    CHECK(same.recv()->number() == 0);
    other = std::move(same);
    CHECK((!same && other.len() == 4));
    CHECK(tally.alive == 4);
  }
  CHECK(tally.alive == 0);
}

TEST_CASE("a value is moved once from side to side, twice by way of the buffer") {
  value_tally tally;
  const chan<tracked> unbuffered(0), one(1);
  rt::go([&] { unbuffered.send(tracked(tally, 1)); });
  CHECK(unbuffered.recv()->number() == 1);
  CHECK(tally.moves == 1);
  rt::go([&] { CHECK(unbuffered.recv()->number() == 2); });
  settle();
  unbuffered.send(tracked(tally, 2));
  until(1);
  CHECK(tally.moves == 2);
  one.send(tracked(tally, 3));
  CHECK(one.recv()->number() == 3);
  CHECK(tally.moves == 4);
  CHECK(tally.alive == 0);
}

TEST_CASE("over-aligned and large values") {
  struct alignas(256) wide {
    std::uintptr_t self = 0;
    std::array<char, 5000> rest{};
  };
  const chan<wide> c(3);
  for (std::uintptr_t round = 0; round < 10; round++) {
    c.send({round, {}});
    const auto v = c.recv();
    CHECK((v->self == round && reinterpret_cast<std::uintptr_t>(&*v) % 256 == 0));
  }
}

TEST_CASE("range for ends when the channel is closed and drained, and moves") {
  const chan<std::unique_ptr<int>> c(2);
  rt::go([=] {
    for (int i = 0; i < 10; i++) c.send(std::make_unique<int>(i));
    c.close();
  });
  int expected = 0;
  for (std::unique_ptr<int> v : c) CHECK(*v == expected++);
  CHECK(expected == 10);
  for ([[maybe_unused]] auto&& v : c) FAIL("closed");
}

// --- moves that throw

TEST_CASE("a receive whose move throws leaves the value in the buffer, and a waiting sender waiting") {
  value_tally tally;
  const chan<tracked> one(1), unbuffered(0);
  one.send(tracked(tally, 1));
  tracked::until_throw = 1;
  CHECK_THROWS_AS(one.recv(), std::domain_error);
  CHECK(one.len() == 1);
  CHECK(one.recv()->number() == 1);

  std::atomic<bool> sent{false};
  rt::go([&] {
    unbuffered.send(tracked(tally, 2));
    sent = true;
  });
  settle();
  tracked::until_throw = 1;
  CHECK_THROWS_AS(unbuffered.recv(), std::domain_error);
  settle();
  CHECK_FALSE(sent);
  CHECK(unbuffered.recv()->number() == 2);
  until(1);
  CHECK(tally.alive == 0);
}

TEST_CASE("a send whose move throws: into the buffer, and to a waiting receiver") {
  value_tally tally;
  const chan<tracked> one(1), unbuffered(0);
  tracked::until_throw = 1;
  tracked v(tally, 1);
  CHECK_THROWS_AS(one.try_send(v), std::domain_error);
  CHECK((one.len() == 0 && v.number() == 1));
  CHECK(one.try_send(v) == chan_status::ok);
  tracked::until_throw = 1;
  tracked out(tally, 9);
  CHECK_THROWS_AS(one.try_recv(out), std::domain_error);
  CHECK((one.len() == 1 && out.number() == 9));
  CHECK(one.try_recv(out) == chan_status::ok);
  CHECK(out.number() == 1);

  std::atomic<int> got{0};
  rt::go([&] { got = unbuffered.recv()->number(); });
  settle();
  tracked::until_throw = 1;
  tracked w(tally, 7);
  CHECK_THROWS_AS(unbuffered.try_send(w), std::domain_error);
  settle();
  CHECK(got == 0);
  CHECK(unbuffered.try_send(w) == chan_status::ok);
  until(1);
  CHECK(got == 7);
}

TEST_CASE("a move that a receiver makes for a waiting sender: the exception is the sender's") {
  value_tally tally;
  const chan<tracked> one(1);
  one.send(tracked(tally, 1));
  std::atomic<int> thrown{0};
  for (int i = 2; i <= 3; i++) {
    rt::go([&, i] {
      try {
        one.send(tracked(tally, i));
      } catch (const std::domain_error&) {
        thrown = i;
      }
    });
    settle();
  }
  tracked::until_throw = 2;  // the receiver's own move, then the first sender's into the buffer
  CHECK(one.recv()->number() == 1);
  CHECK(one.recv()->number() == 3);
  until(1);
  CHECK(thrown == 2);
  CHECK(tally.alive == 0);
}

// --- moves that park

TEST_CASE("moves may park, with others at the channel meanwhile") {
  for (const std::size_t capacity : {0, 1, 5}) {
    const chan<slow> c(capacity);
    constexpr int senders = 5, each = 200;
    std::atomic<int> left{senders};
    for (int k = 0; k < senders; k++) {
      rt::go([&] {
        for (int i = 1; i <= each; i++) c.send(slow(i));
        if (--left == 0) c.close();
      });
    }
    std::atomic<long> sum{0};
    for (int k = 0; k < 3; k++) {
      rt::go([&] {
        for (slow v : c) sum += v.number;
      });
    }
    until(1);
    CHECK(sum == senders * each * (each + 1) / 2);
  }
}

TEST_CASE("a move under a mutex, and std::threads at both ends") {
  static std::mutex mutex;
  struct locking {
    explicit locking(int n) : number(n) {}
    locking(locking&& from) noexcept {
      const std::lock_guard hold(mutex);
      number = std::exchange(from.number, 0);
    }
    int number;
  };
  const chan<locking> c(2);
  std::vector<std::thread> threads;
  std::atomic<long> sum{0};
  for (int k = 0; k < 4; k++) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; i++) c.send(locking(1));
    });
    threads.emplace_back([&] {
      for (int i = 0; i < 500; i++) sum += c.recv()->number;
    });
  }
  for (auto& t : threads) t.join();
  CHECK(sum == 2000);
}

TEST_CASE("channels of channels") {
  const chan<chan<int>> c(0);
  rt::go([=] {
    for (chan<int> reply : c) reply.send(static_cast<int>(reply.cap()));
  });
  for (int i = 0; i < 10; i++) {
    const chan<int> reply(i);
    c.send(reply);
    CHECK(reply.recv() == i);
  }
  c.close();
  until(1);
}

}  // namespace
