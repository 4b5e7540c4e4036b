// A random graph of channels: senders, receivers, selects over several of them with timeouts and stops, moves
// between channels, closes, by a printed seed. Checked against what channels promise:
//
//   every value that a send reported sent is received once, and none else     (a sum of all, and a bitmap)
//   values of one sender on one channel arrive in their order                 (a number per sender and
//   channel,
//                                                                              where one goroutine receives)
//   after a close everything that was sent before is still received
//
//   RT0_STRESS_SECONDS=N    how long: rounds are started until then
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <stop_token>
#include <thread>
#include <vector>

#include "tests/runtime/seed.h"

namespace {

using rng = std::mt19937_64;
using namespace std::chrono_literals;

constexpr int most_channels = 6, most_senders = 8, values_each = 150;

// Not trivial, so that the moves are the program's; some of them let others run.
struct value {
  int sender = 0, number = 0, channel = 0;
  bool yields = false;

  value() = default;
  value(int s, int n, bool y) : sender(s), number(n), yields(y) {}
  value(value&& from) noexcept { *this = std::move(from); }
  value& operator=(value&& from) noexcept {
    sender = from.sender, number = from.number, channel = from.channel, yields = from.yields;
    if (yields) rt::yield();
    from.number = -1;
    return *this;
  }
};

// One round's world.
struct graph {
  std::vector<rt::chan<value>> channels;
  std::array<std::array<std::atomic<int>, values_each>, most_senders> sent{}, received{};
  std::atomic<int> senders_left{0};
  std::stop_source stop;  // ends the waits of all selects that look at it; requested once
  bool one_receiver = false;
  std::atomic<int> lost_order{0};
};

const rt::chan<value>& any_channel(graph& g, rng& random, int& which) {
  which = static_cast<int>(random() % g.channels.size());
  return g.channels[which];
}

// One value by one of the ways to send. False: the channels are closed.
bool send_one(graph& g, rng& random, value v) {
  int a = 0, b = 0;
  const rt::chan<value>& first = any_channel(g, random, a);
  const rt::chan<value>& second = any_channel(g, random, b);
  const int sender = v.sender, number = v.number;
  v.channel = a;
  for (;;) {
    bool done = false;
    const auto sent = [&] { done = true; };
    switch (random() % 5) {
      case 0:
        first.send(std::move(v));
        done = true;
        break;
      case 1: {
        const rt::chan_status s = first.try_send(v);
        if (s == rt::chan_status::closed) return false;
        done = s == rt::chan_status::ok;
        if (!done) rt::yield();
        break;
      }
      case 2:
        rt::select(rt::send(first, std::move(v), sent),
                   rt::timeout(std::chrono::microseconds(random() % 200)));
        break;
      case 3: {
        value same(v.sender, v.number, v.yields);
        same.channel = b;
        rt::select(rt::send(first, std::move(v), sent), rt::send(second, std::move(same), sent),
                   rt::timeout(1ms));
        break;
      }
      case 4:
        rt::select(rt::send(first, std::move(v), sent), rt::stopped(g.stop.get_token()), rt::timeout(1ms));
        break;
    }
    if (done) break;
  }
  g.sent[sender][number]++;
  return true;
}

// By the last sender, and in some rounds by one who does not wait for them.
void close_all(graph& g) {
  for (const auto& c : g.channels) {
    try {
      c.close();
    } catch (const rt::closed_channel&) {  // the other was quicker
    }
  }
}

void sender(graph& g, std::uint64_t seed, int me) {
  rng random(seed);
  try {
    for (int n = 0; n < values_each; n++) {
      if (!send_one(g, random, value(me, n, random() % 8 == 0))) break;
    }
  } catch (const rt::closed_channel&) {
  }
  if (--g.senders_left == 0) close_all(g);
}

// What a receiver has seen: the last number of each sender on each channel.
struct seen {
  std::array<std::array<int, most_channels>, most_senders> last;
  seen() {
    for (auto& row : last) row.fill(-1);
  }
  void note(graph& g, const value& v) {
    g.received[v.sender][v.number]++;
    if (v.number <= last[v.sender][v.channel] && g.one_receiver) g.lost_order++;
    last[v.sender][v.channel] = v.number;
  }
};

// Takes from whichever has something, until all channels are closed and drained.
void receiver(graph& g, std::uint64_t seed) {
  rng random(seed);
  seen mine;
  std::vector<rt::chan<value>> open = g.channels;
  while (!open.empty()) {
    const std::size_t at = random() % open.size(), other = random() % open.size();
    std::size_t closed = open.size();
    const auto take = [&](std::size_t from) {
      return [&, from](std::optional<value> v) { v ? mine.note(g, *v) : void(closed = from); };
    };
    // Who waits for one channel while all senders wait at another would wait for ever.
    switch (open.size() == 1 ? random() % 4 : 1 + random() % 3) {
      case 0: take(at)(open[at].recv()); break;
      case 1: {
        value v;
        const rt::chan_status s = open[at].try_recv(v);
        if (s == rt::chan_status::ok) mine.note(g, v);
        if (s == rt::chan_status::closed) closed = at;
        if (s == rt::chan_status::empty) rt::yield();
        break;
      }
      case 2:
        rt::select(rt::recv(open[at], take(at)), rt::recv(open[other], take(other)), rt::timeout(300us));
        break;
      case 3: {
        std::vector<rt::select_case> cases;
        for (std::size_t i = 0; i < open.size(); i++) cases.push_back(rt::recv(open[i], take(i)));
        if (random() % 2 == 0) cases.push_back(rt::otherwise([] { rt::yield(); }));
        rt::select(cases);
        break;
      }
    }
    if (closed != open.size()) open.erase(open.begin() + static_cast<std::ptrdiff_t>(closed));
  }
}

void round(rng& random) {
  auto g = std::make_unique<graph>();
  const int channels = 1 + static_cast<int>(random() % most_channels);
  for (int i = 0; i < channels; i++) g->channels.emplace_back(random() % 3 == 0 ? random() % 5 : 0);
  const int senders = 1 + static_cast<int>(random() % most_senders);
  const int receivers = 1 + static_cast<int>(random() % 4);
  const bool closes_early = random() % 4 == 0;
  g->one_receiver = receivers == 1;
  g->senders_left = senders;
  std::vector<rt::task<void>> all;
  for (int i = 0; i < receivers; i++) all.push_back(rt::spawn([&, s = random()] { receiver(*g, s); }));
  for (int i = 0; i < senders; i++) all.push_back(rt::spawn([&, i, s = random()] { sender(*g, s, i); }));
  if (random() % 2 == 0) {
    all.push_back(rt::spawn([&, us = random() % 500] {
      std::this_thread::sleep_for(std::chrono::microseconds(us));
      g->stop.request_stop();
    }));
  }
  if (closes_early) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    close_all(*g);
  }
  for (auto& t : all) t.get();
  int differs = 0, twice = 0, missing = 0;
  for (int s = 0; s < senders; s++) {
    for (int n = 0; n < values_each; n++) {
      const int sent = g->sent[s][n], received = g->received[s][n];
      differs += sent != received;
      twice += received > 1;
      missing += !closes_early && received != 1;
    }
  }
  CHECK(differs == 0);
  CHECK(twice == 0);
  CHECK(missing == 0);
  CHECK(g->lost_order == 0);
}

TEST_CASE("random graphs of channels lose nothing") {
  const char* text = std::getenv("RT0_STRESS_SECONDS");
  const std::chrono::seconds limit(text != nullptr ? std::atoi(text) : 5);
  rng random(test_seed());
  int rounds = 0;
  for (const auto start = std::chrono::steady_clock::now();
       std::chrono::steady_clock::now() - start < limit;) {
    round(random);
    rounds++;
  }
  while (rt::num_goroutine() != 1) rt::yield();
  std::printf("%d rounds\n", rounds);
}

}  // namespace
