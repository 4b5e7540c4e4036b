// Random timers by a printed seed, checked against what they promise.
//
//   alone     one goroutine sets, stops, moves and destroys some timers, of functions and of channels, and
//   knows
//             from the answers what each must do: every setting runs f once, or its stop or reset said true;
//             of a channel's timer a value is there exactly if it is due
//   together  several goroutines do so to the same timers, with functions. Each setting counts one, each true
//             one less: when all is quiet, the functions have run just as often
//   ticking   several receive from one ticker, by recv and select, while others move and stop it
//   stopping  waits of <rt/sync.h> that rt::stop_after ends
//
//   RT0_STRESS_SECONDS=N    how long: rounds are started until then
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>
#include <rt/sync.h>
#include <rt/time.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <vector>

#include "tests/runtime/seed.h"

namespace {

using rng = std::mt19937_64;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// From past to soon, now and then never.
nanoseconds any_delay(rng& random) {
  switch (random() % 8) {
    case 0: return 0ns;
    case 1: return -1s;
    case 2: return nanoseconds::max();
    case 3: return 1h;
    default: return nanoseconds(random() % 300'000);
  }
}

void pause(rng& random) {
  switch (random() % 4) {
    case 0: return rt::sleep_for(nanoseconds(random() % 200'000));
    case 1: return rt::yield();
    default: return;
  }
}

// What a timer with a function must have done when nothing is pending: `owed` runs.
class known_function {
 public:
  explicit known_function(rng& random) { set(random, true); }
  ~known_function() {
    if (timer_ && timer_->stop()) owed_--;
    timer_.reset();
    while (*runs_ < owed_) rt::sleep_for(10us);  // a run that is owed comes
    rt::yield();
    if (*runs_ != owed_) FAIL("ran ", runs_->load(), " times, not ", owed_);
  }

  void step(rng& random) {
    if (random() % 3 == 0) {
      if (timer_->stop()) owed_--;
      if (timer_->stop()) FAIL("stopped twice");
    } else {
      set(random, random() % 8 == 0);
    }
  }

 private:
  void set(rng& random, bool anew) {
    const nanoseconds delay = any_delay(random);
    if (anew) {
      if (timer_ && timer_->stop()) owed_--;
      timer_.emplace(delay, [runs = runs_] { ++*runs; });
    } else if (timer_->reset(delay)) {
      owed_--;
    }
    owed_++;
  }

  std::shared_ptr<std::atomic<long>> runs_ = std::make_shared<std::atomic<long>>(0);
  std::optional<rt::timer> timer_;
  long owed_ = 0;
};

// The same of one with a channel, or a ticker: who alone receives knows when something is there.
class known_channel {
 public:
  explicit known_channel(rng& random) : timer_(any_delay(random)) { timer_.stop(); }

  void step(rng& random) {
    switch (random() % 4) {
      case 0: {
        const bool was = timer_.stop();
        if (was != due_.has_value()) FAIL("stop said ", was);
        due_.reset();
        break;
      }
      case 1: {
        const nanoseconds delay = any_delay(random);
        const auto before = steady_clock::now();
        const bool was = timer_.reset(delay);
        if (was != due_.has_value()) FAIL("reset said ", was);
        due_ = delay > 1h ? steady_clock::time_point::max() - 1ns : before + std::max(delay, 0ns);
        slack_ = steady_clock::now() - before;
        break;
      }
      default: look();
    }
  }

 private:
  void look() {
    const auto before = steady_clock::now();
    steady_clock::time_point t;
    const bool got = timer_.c.try_recv(t) == rt::chan_status::ok;
    if (got) {
      if (!due_ || t < *due_ || t > *due_ + slack_ || t > steady_clock::now()) FAIL("a tick of another time");
      due_.reset();
    } else if (due_ && *due_ < steady_clock::time_point::max() - 1h && *due_ + slack_ <= before) {
      FAIL("a tick is missing");
    }
  }

  rt::timer timer_;
  std::optional<steady_clock::time_point> due_;  // not earlier, and at most so much later
  steady_clock::duration slack_{};
};

void alone(std::uint64_t seed) {
  rng random(seed);
  std::array<std::unique_ptr<known_function>, 4> functions;
  std::array<std::unique_ptr<known_channel>, 3> channels;
  for (auto& one : channels) one = std::make_unique<known_channel>(random);
  for (int i = 0; i < 150; i++) {
    auto& f = functions[random() % functions.size()];
    if (!f || random() % 16 == 0) {
      f = std::make_unique<known_function>(random);
    } else {
      f->step(random);
    }
    channels[random() % channels.size()]->step(random);
    pause(random);
  }
}

// Several goroutines, one timer: each setting and each true is counted.
void together(std::uint64_t seed) {
  constexpr int timers = 3, goroutines = 4, steps = 60;
  auto runs = std::make_shared<std::array<std::atomic<long>, timers>>();
  std::array<std::atomic<long>, timers> owed{};
  std::array<std::optional<rt::timer>, timers> shared;
  for (int i = 0; i < timers; i++) {
    shared[i].emplace(1h, [runs, i] { (*runs)[i]++; });
    owed[i] = 1;
  }
  rt::wait_group all;
  for (int k = 0; k < goroutines; k++) {
    all.go([&, random = rng(seed + static_cast<std::uint64_t>(k))]() mutable {
      for (int s = 0; s < steps; s++) {
        const auto i = random() % timers;
        if (random() % 3 == 0) {
          if (shared[i]->stop()) owed[i]--;
        } else {
          owed[i]++;
          if (shared[i]->reset(any_delay(random))) owed[i]--;
        }
        pause(random);
      }
    });
  }
  all.wait();
  for (int i = 0; i < timers; i++) {
    if (shared[i]->stop()) owed[i]--;
    while ((*runs)[i] < owed[i]) rt::sleep_for(10us);
  }
  rt::sleep_for(100us);
  for (int i = 0; i < timers; i++) CHECK((*runs)[i] == owed[i]);
}

// Several goroutines receive from one ticker that others move and stop: each tick is one goroutine's, and of
// a period that was set.
void ticking(std::uint64_t seed) {
  rt::ticker ticker(50us);
  std::atomic<int> at_work{3};
  std::vector<std::vector<steady_clock::time_point>> got(4);
  rt::wait_group receivers, movers;
  for (auto& mine : got) {
    receivers.go([&, random = rng(++seed)]() mutable {
      const rt::chan<int> silent(0);
      bool open = true;
      const auto take = [&](std::optional<steady_clock::time_point> t) {
        if (t && *t > steady_clock::now()) FAIL("a tick of the future");
        t ? mine.push_back(*t) : void(open = false);
      };
      while (open) {
        if (random() % 2 == 0) {
          take(ticker.c.recv());
        } else {
          rt::select(rt::recv(silent), rt::recv(ticker.c, take),
                     rt::timeout(nanoseconds(random() % 100'000)));
        }
      }
    });
  }
  for (int k = 0; k < 2; k++) {
    movers.go([&, random = rng(++seed)]() mutable {
      for (int s = 0; s < 40; s++) {
        random() % 3 == 0 ? ticker.stop() : ticker.reset(nanoseconds(1 + random() % 100'000));
        pause(random);
      }
    });
  }
  movers.wait();
  ticker.reset(10us);
  rt::sleep_for(200us);
  ticker.c.close();  // else who waits for a stopped one would wait for ever
  receivers.wait();
  for (auto& mine : got) CHECK(std::ranges::is_sorted(mine));
}

// Waits of every kind that only a stop ends, or that race with what they wait for: a permit that is released
// is acquired, or left.
void stopping(std::uint64_t seed) {
  constexpr int goroutines = 6, steps = 15, released = 40;
  rt::counting_semaphore<> permits(0);
  rt::wait_group all, never;
  rt::mutex guard;
  rt::condition_variable changed;
  std::atomic<int> acquired{0};
  never.add(1);
  for (int k = 0; k < goroutines; k++) {
    all.go([&, random = rng(++seed)]() mutable {
      for (int s = 0; s < steps; s++) {
        const std::stop_source stop = rt::stop_after(nanoseconds(random() % 200'000));
        const std::stop_token token = stop.get_token();
        std::unique_lock lock(guard, std::defer_lock);
        switch (random() % 4) {
          case 0: CHECK_FALSE(rt::sleep_for(1h, token)); break;
          case 1: CHECK_FALSE(never.wait(token)); break;
          case 2:
            lock.lock();
            CHECK_FALSE(changed.wait(lock, token, [] { return false; }));
            break;
          default: acquired += permits.acquire(token) ? 1 : 0;
        }
      }
    });
  }
  rng random(++seed);
  for (int i = 0; i < released; i++) {
    permits.release();
    if (i % 8 == 0) changed.notify_all();
    pause(random);
  }
  all.wait();
  while (permits.try_acquire()) acquired++;
  CHECK(acquired == released);
}

}  // namespace

TEST_CASE("random timers") {
  const char* text = std::getenv("RT0_STRESS_SECONDS");
  const std::chrono::seconds how_long(text != nullptr ? std::atoi(text) : 4);
  rng seeds(test_seed());
  const auto end = steady_clock::now() + how_long;
  long rounds = 0;
  while (steady_clock::now() < end) {
    alone(seeds());
    together(seeds());
    ticking(seeds());
    stopping(seeds());
    rounds++;
  }
  MESSAGE(rounds, " rounds");
}
