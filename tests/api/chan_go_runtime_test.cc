// What Go's runtime/chan_test.go asserts of channels, asserted of ours; the cases have its names.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <vector>

namespace {

using rt::chan;

void until(std::size_t goroutines) {
  while (rt::num_goroutine() != goroutines) rt::yield();
}

TEST_CASE("TestChan") {
  for (std::size_t capacity = 0; capacity < 50; capacity++) {
    {  // a receiver of the nil or an empty channel waits
      const chan<int> c(capacity);
      std::atomic<bool> first{false}, second{false};
      rt::go([&, c] { (void)c.recv(), first = true; });
      rt::go([&, c] { (void)c.recv(), second = true; });
      for (int i = 0; i < 10; i++) rt::yield();
      CHECK_FALSE((first || second));
      CHECK(rt::select(rt::recv(chan<int>()), rt::otherwise()) == 1);
      c.send(0);
      c.send(0);
      until(1);
    }
    {  // who waits is told of the close
      const chan<int> c(capacity);
      const chan<bool> done(0);
      rt::go([=] { done.send(!c.recv()); });
      rt::yield();
      c.close();
      CHECK(done.recv() == true);
    }
    {  // in order, from one and from many
      const chan<int> c(capacity);
      rt::go([=] {
        for (int i = 0; i < 100; i++) c.send(i);
      });
      for (int i = 0; i < 100; i++) CHECK(c.recv() == i);
      constexpr int senders = 4, each = 250;
      std::array<int, each> counts{};
      for (int s = 0; s < senders; s++) {
        rt::go([=] {
          for (int i = 0; i < each; i++) c.send(i);
        });
      }
      for (int i = 0; i < senders * each; i++) counts[*c.recv()]++;
      CHECK(std::all_of(counts.begin(), counts.end(), [](int k) { return k == senders; }));
    }
    until(1);
  }
}

TEST_CASE("TestNonblockRecvRace") {
  for (int i = 0; i < 2000; i++) {
    const chan<int> c(1);
    c.send(1);
    std::atomic<int> missed{-1};
    rt::go([&] { missed = rt::select(rt::recv(c), rt::otherwise()) == 1; });
    c.close();
    (void)c.recv();
    while (missed == -1) rt::yield();
    CHECK(missed == 0);
  }
}

TEST_CASE("TestNonblockSelectRace2") {
  for (int i = 0; i < 2000; i++) {
    const chan<int> c1(1), c2(0);
    c1.send(1);
    std::atomic<int> missed{-1};
    rt::go([&] { missed = rt::select(rt::recv(c1), rt::recv(c2), rt::otherwise()) == 2; });
    c2.close();
    rt::select(rt::recv(c1), rt::otherwise());
    while (missed == -1) rt::yield();
    CHECK(missed == 0);
  }
}

TEST_CASE("TestSelectStress") {
  std::array<chan<int>, 4> c{chan<int>(0), chan<int>(0), chan<int>(2), chan<int>(3)};
  constexpr int n = 5000;
  std::vector<rt::task<void>> all;
  for (const auto& each : c) {
    all.push_back(rt::spawn([=] {
      for (int i = 0; i < n; i++) each.send(0);
    }));
    all.push_back(rt::spawn([=] {
      for (int i = 0; i < n; i++) (void)each.recv();
    }));
  }
  // Each of four cases n times, whatever their order; a case that had enough is nil.
  all.push_back(rt::spawn([c] {
    auto left = c;
    std::array<int, 4> sent{};
    for (int i = 0; i < 4 * n; i++) {
      const std::size_t k =
          rt::select(rt::send(left[3], 0), rt::send(left[2], 0), rt::send(left[0], 0), rt::send(left[1], 0));
      constexpr std::size_t which[] = {3, 2, 0, 1};
      if (++sent[which[k]] == n) left[which[k]] = chan<int>();
    }
  }));
  all.push_back(rt::spawn([c] {
    auto left = c;
    std::array<int, 4> received{};
    for (int i = 0; i < 4 * n; i++) {
      const std::size_t k =
          rt::select(rt::recv(left[0]), rt::recv(left[1]), rt::recv(left[2]), rt::recv(left[3]));
      if (++received[k] == n) left[k] = chan<int>();
    }
  }));
  for (auto& t : all) t.get();
}

TEST_CASE("TestSelectFairness") {
  constexpr int trials = 10'000;
  const chan<int> c1(trials + 1), c2(trials + 1);
  for (int i = 0; i < trials + 1; i++) c1.send(1), c2.send(2);
  const chan<int> c3(0), c4(0), out(0), done(0);
  auto t = rt::spawn([=] {
    for (;;) {
      int v = 0;
      const auto take = [&](std::optional<int> got) { v = *got; };
      rt::select(rt::recv(c3, take), rt::recv(c4, take), rt::recv(c1, take), rt::recv(c2, take));
      if (rt::select(rt::send(out, v), rt::recv(done)) == 1) return;
    }
  });
  int from1 = 0;
  for (int i = 0; i < trials; i++) from1 += *out.recv() == 1;
  done.close();
  t.get();
  const double p = static_cast<double>(from1) / trials;
  CHECK((p > 0.5 - 0.025 && p < 0.5 + 0.025));  // five standard deviations
}

TEST_CASE("TestPseudoRandomSend") {
  for (const std::size_t capacity : {0, 1, 10}) {
    const chan<int> c(capacity);
    constexpr int n = 100;
    std::array<int, n> got{};
    auto t = rt::spawn([&] {
      for (int& v : got) {
        rt::yield();
        v = *c.recv();
      }
    });
    for (int i = 0; i < n; i++) rt::select(rt::send(c, 0), rt::send(c, 1));
    t.get();
    const long zeros = std::count(got.begin(), got.end(), 0);
    CHECK((zeros > n / 10 && zeros < n * 9 / 10));
  }
}

TEST_CASE("TestMultiConsumer") {
  constexpr int workers = 23, n = 20'000;
  constexpr int primes[] = {2, 3, 7, 13, 17, 23};
  const chan<int> q(workers * 3), r(workers * 3);
  std::vector<rt::task<void>> all;
  for (int w = 0; w < workers; w++) {
    all.push_back(rt::spawn([=] {
      for (int v : q) {
        if (primes[w % 6] % 3 == 0) rt::yield();
        r.send(v);
      }
    }));
  }
  auto feeder = rt::spawn([&] {
    long expected = 0;
    for (int i = 0; i < n; i++) {
      const int v = primes[i % 6];
      expected += v;
      q.send(v);
    }
    q.close();
    for (auto& t : all) t.get();
    r.close();
    return expected;
  });
  long sum = 0;
  int count = 0;
  for (int v : r) sum += v, count++;
  CHECK((count == n && sum == feeder.get()));
}

TEST_CASE("TestSelectDuplicateChannel") {
  const chan<int> c(0), d(0), e(0);
  rt::go([=] {  // woken by the first of two cases on c, the second is taken out
    rt::select(rt::recv(c), rt::recv(c), rt::recv(d));
    e.send(9);
  });
  rt::yield();
  rt::go([=] { (void)c.recv(); });
  rt::yield();
  d.send(7);
  (void)e.recv();
  c.send(8);
  until(1);
}

}  // namespace
