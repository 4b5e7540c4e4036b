// What Go's own programs assert of channels (its folders test and test/chan, test/ken), asserted of
// ours. README.md says which case stands for which program.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <limits>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rt::chan;
using rt::chan_status;

std::size_t blocked_for_ever = 0;

void until(std::size_t goroutines) {
  while (rt::num_goroutine() != goroutines + blocked_for_ever) rt::yield();
}

TEST_CASE("fifo: a buffer is a queue, and so are those who wait") {
  constexpr int n = 10;
  const chan<int> buffered(n), values(0);
  for (int i = 0; i < n; i++) buffered.send(i);
  for (int i = 0; i < n; i++) CHECK(buffered.recv() == i);
  // Each link lets the next begin to wait only after it got its own value.
  chan<int> in(0);
  const chan<int> start = in;
  for (int i = 0; i < n; i++) {
    const chan<int> out(0);
    rt::go([=] {
      (void)in.recv();
      CHECK(values.recv() == i);
      out.send(1);
    });
    in = out;
  }
  start.send(0);
  for (int i = 0; i < n; i++) values.send(i);
  (void)in.recv();
  until(1);
}

TEST_CASE("goroutines: a chain of ten thousand") {
  const chan<int> leftmost(0);
  chan<int> left = leftmost;
  for (int i = 0; i < 10'000; i++) {
    const chan<int> right(0);
    rt::go([=] { left.send(*right.recv() + 1); });
    left = right;
  }
  rt::go([=] { left.send(0); });
  CHECK(leftmost.recv() == 10'000);
  until(1);
}

// For a value of each of several types: what cannot be done at once is not, what can be is.
template <class T>
void nonblock(const std::vector<T>& values) {
  for (const std::size_t capacity : {0, 1}) {
    const chan<T> c(capacity), ready(0);
    for (const T& v : values) {
      T given = v;
      T got{};
      CHECK(c.try_recv(got) == chan_status::empty);
      CHECK(rt::select(rt::recv(c), rt::otherwise()) == 1);
      if (capacity == 0) {
        CHECK(c.try_send(given) == chan_status::full);
        rt::go([=] { ready.send(*c.recv()); });
        while (c.try_send(given) != chan_status::ok) rt::yield();
        CHECK(*ready.recv() == v);
        rt::go([=] { c.send(v); });
        while (rt::select(rt::recv(c, [&](std::optional<T> w) { got = *w; }), rt::otherwise()) == 1)
          rt::yield();
      } else {
        CHECK(c.try_send(given) == chan_status::ok);
        CHECK(c.try_send(given) == chan_status::full);
        CHECK(rt::select(rt::send(c, v), rt::otherwise()) == 1);
        CHECK(c.try_recv(got) == chan_status::ok);
      }
      CHECK(got == v);
    }
  }
  until(1);
}

TEST_CASE("nonblock") {
  nonblock<bool>({true, false});
  nonblock<int>({123, -1});
  nonblock<std::string>({"hello", std::string(100, 'x')});
  struct big {
    std::array<int, 100> a{};
    bool operator==(const big& other) const { return a[99] == other.a[99]; }
  };
  big b;
  b.a[99] = 7;
  nonblock<big>({b});
}

TEST_CASE("select: values from a counter leave by whichever of two channels takes them") {
  for (const std::size_t capacity : {0, 1, 10}) {
    const chan<int> a(capacity), b(capacity);
    constexpr int each = 200;
    rt::go([=] {
      // The first half may go either way; a case of a channel that has had its share is nil.
      int to_a = 0, to_b = 0;
      for (int i = 0; i < 2 * each; i++) {
        rt::select(rt::send(to_a < each ? a : chan<int>(), i, [&] { to_a++; }),
                   rt::send(to_b < each ? b : chan<int>(), i, [&] { to_b++; }));
      }
      a.close();
      b.close();
    });
    std::vector<int> all;
    const chan<int> merged(0);
    for (const auto& from : {a, b}) {
      rt::go([=] {
        for (int v : from) merged.send(v);
      });
    }
    for (int i = 0; i < 2 * each; i++) all.push_back(*merged.recv());
    std::sort(all.begin(), all.end());
    for (int i = 0; i < 2 * each; i++) CHECK(all[i] == i);
  }
  until(1);
}

TEST_CASE("doubleselect: one value is sent by one case only") {
  constexpr int n = 20'000;
  std::array<chan<int>, 4> c;
  for (auto& each : c) each = chan<int>(0);
  const chan<int> merged(0), done(0);
  rt::go([=] {
    for (int i = 0; i < n; i++)
      rt::select(rt::send(c[0], i), rt::send(c[1], i), rt::send(c[2], i), rt::send(c[3], i));
    for (const auto& each : c) each.close();
  });
  for (const auto& each : c) {
    rt::go([=] {
      for (int v : each) merged.send(v);
      done.send(1);
    });
  }
  rt::go([=] {
    for (std::size_t i = 0; i < c.size(); i++) (void)done.recv();
    merged.close();
  });
  std::vector<bool> seen(n);
  int twice = 0, count = 0;
  for (int v : merged) {
    twice += seen[v];
    seen[v] = true;
    count++;
  }
  CHECK((twice == 0 && count == n));
  until(1);
}

// Whether f is still not done when a short time has passed. Who blocks for ever is left there.
template <class F>
bool blocks(F f) {
  const chan<int> done(1);
  rt::go([=] {
    f();
    done.send(1);
  });
  const bool blocked = rt::select(rt::recv(done), rt::timeout(20ms)) == 1;
  blocked_for_ever += blocked ? 1 : 0;
  return blocked;
}

TEST_CASE("select3: what blocks, and what does not") {
  const chan<int> nil, closed(0);
  closed.close();
  CHECK(blocks([=] { nil.send(7); }));
  CHECK(blocks([=] { (void)nil.recv(); }));
  CHECK(rt::select(rt::send(nil, 7), rt::otherwise()) == 1);
  CHECK(rt::select(rt::recv(nil), rt::otherwise()) == 1);
  chan<int>(1).send(7);
  for (int i = 0; i < 10; i++) CHECK_FALSE(closed.recv());
  CHECK_THROWS_AS(closed.send(7), rt::closed_channel);
  CHECK(blocks([] { (void)chan<int>(0).recv(); }));
  CHECK(blocks([] { rt::select(); }));
  CHECK(blocks([=] { rt::select(rt::recv(nil)); }));
  CHECK(blocks([=] { rt::select(rt::send(nil, 7)); }));
  CHECK(blocks([=] { rt::select(rt::recv(nil), rt::send(nil, 7)); }));
  CHECK(blocks([] {
    const chan<int> c(0);
    rt::select(rt::recv(c));
  }));
  CHECK(rt::select(rt::otherwise()) == 0);
  const chan<int> room(1);
  CHECK(rt::select(rt::send(room, 7), rt::otherwise()) == 0);
  CHECK(rt::select(rt::recv(room), rt::otherwise()) == 0);
  CHECK(rt::select(rt::recv(closed)) == 0);
  CHECK_THROWS_AS(rt::select(rt::send(closed, 7)), rt::closed_channel);
  CHECK(blocks([] {  // a select does not meet itself
    const chan<int> c(0);
    rt::select(rt::send(c, 1), rt::recv(c));
  }));
}

TEST_CASE("select5: the parts of all cases are evaluated in their order, once") {
  std::vector<int> order;
  const auto at = [&](int n, auto v) {
    order.push_back(n);
    return v;
  };
  const chan<int> c(1), dummy(0), nil;
  // A function's arguments have no order of their own; a case's parts are made before the case.
  auto first = rt::send(at(1, c), at(2, 5));
  auto second = rt::recv(at(3, dummy));
  auto third = rt::send(at(4, nil), at(5, 6));
  CHECK(rt::select(first, second, third) == 0);
  std::sort(order.begin(), order.end());
  CHECK(order == std::vector<int>{1, 2, 3, 4, 5});
  CHECK(c.recv() == 5);
}

TEST_CASE("select6: a select that ended is taken out of the queues it stood in") {
  const chan<bool> c1(0), c2(0), c3(0), c4(0);
  rt::go([=] { (void)c1.recv(); });
  rt::go([=] {
    rt::select(rt::recv(c1, [] { FAIL("dummy"); }), rt::recv(c2, [=] { c3.send(true); }));
    (void)c1.recv();
  });
  rt::go([=] { c2.send(true); });
  (void)c3.recv();
  c1.send(true);
  c1.send(true);
  rt::go([=] { rt::select(rt::recv(c1, [=] { c4.send(true); }), rt::recv(c2, [] { FAIL("dummy"); })); });
  c1.send(true);
  (void)c4.recv();
  until(1);
}

TEST_CASE("select7: each way to receive meets each way to send") {
  using way = void (*)(const chan<int>&);
  const way receive[] = {
      [](const chan<int>& c) { CHECK(c.recv() == 1); },
      [](const chan<int>& c) { rt::select(rt::recv(c, [](std::optional<int> v) { CHECK(v == 1); })); },
      [](const chan<int>& c) {
        const chan<int> never(0);
        rt::select(rt::recv(never), rt::recv(c, [](std::optional<int> v) { CHECK(v == 1); }));
      },
      [](const chan<int>& c) {
        int v = 0;
        while (c.try_recv(v) != chan_status::ok) rt::yield();
        CHECK(v == 1);
      }};
  const way send[] = {[](const chan<int>& c) { c.send(1); },
                      [](const chan<int>& c) { rt::select(rt::send(c, 1)); },
                      [](const chan<int>& c) {
                        const chan<int> never(0);
                        rt::select(rt::send(never, 6), rt::send(c, 1));
                      }};
  for (const way r : receive) {
    for (const way s : send) {
      for (const std::size_t capacity : {0, 1, 10, 100}) {
        const chan<int> c(capacity);
        rt::go([=] { s(c); });
        r(c);
        until(1);
      }
    }
  }
}

TEST_CASE("sieve: two ways to filter primes") {
  const chan<int> primes(0);
  const auto filter = [](chan<int> in, chan<int> out, int prime) {
    try {
      for (int v : in) {
        if (v % prime != 0) out.send(v);
      }
      out.close();
    } catch (const rt::closed_channel&) {
    }
  };
  rt::go([=] {
    chan<int> numbers(0);
    rt::go([=] {
      for (int i = 2; i < 500; i++) numbers.send(i);
      numbers.close();
    });
    while (const auto prime = numbers.recv()) {
      primes.send(*prime);
      const chan<int> next(0);
      rt::go(filter, numbers, next, *prime);
      numbers = next;
    }
    primes.close();
  });
  const std::vector<int> first{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71};
  std::vector<int> found;
  for (int p : primes) found.push_back(p);
  REQUIRE(found.size() == 95);
  CHECK(std::equal(first.begin(), first.end(), found.begin()));
  until(1);
}

TEST_CASE("zerosize: values of no size, and any capacity") {
  struct nothing {};
  const chan<nothing> c(std::size_t{1} << 62);
  c.send({});
  CHECK(c.recv());
  CHECK(chan<nothing>(0).cap() == 0);
}

TEST_CASE("chancap: len and cap") {
  const chan<int> c(10), nil;
  CHECK((nil.len() == 0 && nil.cap() == 0 && c.len() == 0 && c.cap() == 10));
  for (int i = 0; i < 3; i++) c.send(i);
  CHECK((c.len() == 3 && c.cap() == 10));
  CHECK_THROWS_AS(chan<int>(static_cast<std::size_t>(-1)), std::length_error);
  CHECK_THROWS_AS(chan<long>(std::numeric_limits<std::size_t>::max() / 2), std::length_error);
}

TEST_CASE("closedchan: closed with and without a buffer, by every way") {
  for (const std::size_t capacity : {0, 2}) {
    const chan<int> c(capacity);
    if (capacity != 0) c.send(1);
    c.close();
    int v = 0;
    if (capacity != 0)
      CHECK(rt::select(rt::recv(c, [&](std::optional<int> got) { v = *got; }), rt::otherwise()) == 0);
    CHECK(v == static_cast<int>(capacity / 2));
    for (int i = 0; i < 3; i++) {
      CHECK_FALSE(c.recv());
      CHECK(c.try_recv(v) == chan_status::closed);
      CHECK(rt::select(rt::recv(c, [](std::optional<int> got) { CHECK_FALSE(got); }), rt::otherwise()) == 0);
      CHECK_THROWS_AS(c.send(2), rt::closed_channel);
      CHECK(c.try_send(v) == chan_status::closed);
      CHECK_THROWS_AS(rt::select(rt::send(c, 2), rt::otherwise()), rt::closed_channel);
      CHECK_THROWS_AS(c.close(), rt::closed_channel);
    }
  }
  CHECK_THROWS_AS(chan<int>().close(), rt::nil_channel);
}

TEST_CASE("chanlinear: a channel with many who wait by select costs in proportion") {
  // No ratio of times, which other programs on the machine would spoil: a queue that is searched from its
  // beginning for each of 20,000 would take minutes.
  const chan<int> common(0), stop(0);
  constexpr int n = 20'000;
  for (int i = 0; i < n; i++) {
    rt::go([=] { rt::select(rt::recv(common), rt::recv(stop)); });
  }
  for (int i = 0; i < 10; i++) rt::yield();
  stop.close();
  until(1);
}

}  // namespace
