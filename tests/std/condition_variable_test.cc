// std::condition_variable and condition_variable_any: wait, wait_for, wait_until, notify_one, notify_all,
// stop tokens, lifetime. Which waiter notify_one picks is not specified, so no test asks.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stop_token>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using std::chrono::system_clock;

TEST_CASE("producer and consumer take turns") {
  std::mutex mu;
  std::condition_variable cv;
  int turn = 0;
  auto player = [&](int me) {
    for (int i = 0; i < 1000; ++i) {
      std::unique_lock lock(mu);
      cv.wait(lock, [&] { return turn % 2 == me; });
      ++turn;
      cv.notify_one();
    }
  };
  std::thread a(player, 0), b(player, 1);
  a.join();
  b.join();
  CHECK(turn == 2000);
}

TEST_CASE("a bounded queue: every item arrives once, in order per producer") {
  std::mutex mu;
  std::condition_variable not_full, not_empty;
  std::deque<int> q;
  constexpr int producers = 4, items = 300;
  std::vector<int> last(producers, -1);
  int received = 0, misordered = 0;
  std::vector<std::thread> ts;
  for (int p = 0; p < producers; ++p)
    ts.emplace_back([&, p] {
      for (int i = 0; i < items; ++i) {
        std::unique_lock lock(mu);
        not_full.wait(lock, [&] { return q.size() < 5; });
        q.push_back(p * items + i);
        not_empty.notify_one();
      }
    });
  for (int i = 0; i < producers * items; ++i) {
    std::unique_lock lock(mu);
    not_empty.wait(lock, [&] { return !q.empty(); });
    const int v = q.front();
    q.pop_front();
    misordered += v % items != last[v / items] + 1;
    last[v / items] = v % items;
    ++received;
    not_full.notify_one();
  }
  for (std::thread& t : ts) t.join();
  CHECK(received == producers * items);
  CHECK(misordered == 0);
}

TEST_CASE("wait_for and wait_until: timeout at the time and not before, the lock is held again") {
  std::mutex mu;
  std::condition_variable cv;
  std::unique_lock lock(mu);
  auto start = steady_clock::now();
  while (cv.wait_for(lock, 30ms) != std::cv_status::timeout) start = steady_clock::now();  // a spurious wake
  CHECK(steady_clock::now() - start >= 30ms);
  CHECK(lock.owns_lock());
  const auto until = system_clock::now() + 20ms;
  while (cv.wait_until(lock, until) != std::cv_status::timeout) {
  }
  CHECK(system_clock::now() >= until);
  CHECK(cv.wait_until(lock, steady_clock::now() - 1s) == std::cv_status::timeout);
  CHECK_FALSE(cv.wait_for(lock, -5ms, [] { return false; }));
  CHECK_FALSE(cv.wait_for(lock, 10ms, [] { return false; }));
  CHECK(cv.wait_for(lock, 0ms, [] { return true; }));
  std::thread([&] { CHECK_FALSE(mu.try_lock()); }).join();
}

TEST_CASE("notify before the timeout wins") {
  std::mutex mu;
  std::condition_variable cv;
  bool ready = false;
  std::thread t([&] {
    std::this_thread::sleep_for(10ms);
    std::lock_guard lock(mu);
    ready = true;
    cv.notify_one();
  });
  {
    std::unique_lock lock(mu);
    CHECK(cv.wait_for(lock, 60s, [&] { return ready; }));
  }
  t.join();
}

TEST_CASE("notify_one wakes at least one, notify_all wakes all, neither is remembered") {
  std::mutex mu;
  std::condition_variable cv;
  cv.notify_all();
  cv.notify_one();
  int waiting = 0, tickets = 0, woken = 0;
  std::vector<std::thread> ts;
  for (int i = 0; i < 20; ++i)
    ts.emplace_back([&] {
      std::unique_lock lock(mu);
      ++waiting;
      cv.wait(lock, [&] { return tickets > 0; });
      --tickets;
      ++woken;
    });
  auto woken_is = [&](int n) {
    for (;; std::this_thread::yield()) {
      std::lock_guard lock(mu);
      if (woken >= n && waiting == 20) return woken;
    }
  };
  CHECK(woken_is(0) == 0);
  for (int i = 1; i <= 5; ++i) {
    {
      std::lock_guard lock(mu);
      ++tickets;
    }
    cv.notify_one();
    CHECK(woken_is(i) == i);
  }
  {
    std::lock_guard lock(mu);
    tickets += 15;
  }
  cv.notify_all();
  for (std::thread& t : ts) t.join();
  CHECK(woken == 20);
}

TEST_CASE("destroyed right after notify_all (GCC PR 54185)") {
  // The waiters may still be inside wait(): the destructor may run as soon as all are notified, and they must
  // not touch it.
  for (int round = 0; round < 300; ++round) {
    std::mutex mu;
    auto cv = std::make_unique<std::condition_variable>();
    int waiting = 0;
    bool go = false;
    std::vector<std::thread> ts;
    for (int i = 0; i < 3; ++i)
      ts.emplace_back([&, c = cv.get()] {
        std::unique_lock lock(mu);
        ++waiting;
        while (!go) c->wait(lock);
      });
    for (bool all = false; !all; std::this_thread::yield()) {
      std::lock_guard lock(mu);
      all = waiting == 3;
    }
    {
      std::lock_guard lock(mu);
      go = true;
      cv->notify_all();
    }
    cv.reset();
    void* same = ::operator new(sizeof(std::condition_variable));  // likely the same bytes
    __builtin_memset(same, 0xa5, sizeof(std::condition_variable));
    for (std::thread& t : ts) t.join();
    ::operator delete(same);
  }
}

TEST_CASE("condition_variable_any waits with any lock") {
  std::shared_mutex mu;
  std::condition_variable_any cv;
  bool ready = false;
  std::vector<std::thread> ts;
  for (int i = 0; i < 4; ++i)
    ts.emplace_back([&] {
      std::shared_lock lock(mu);
      cv.wait(lock, [&] { return ready; });
    });
  std::this_thread::sleep_for(5ms);
  {
    std::unique_lock lock(mu);
    ready = true;
  }
  cv.notify_all();
  for (std::thread& t : ts) t.join();
  std::unique_lock lock(mu);
  CHECK_FALSE(cv.wait_for(lock, 10ms, [] { return false; }));
}

TEST_CASE("condition_variable_any: a stop request ends the wait, before it and during it") {
  std::mutex mu;
  std::condition_variable_any cv;
  bool result = true, timed = true;
  std::jthread t([&](std::stop_token st) {
    std::unique_lock lock(mu);
    result = cv.wait(lock, st, [] { return false; });
    timed = cv.wait_for(lock, st, 60s, [] { return false; });  // already stopped: returns at once
  });
  std::this_thread::sleep_for(10ms);
  t.request_stop();
  t.join();
  CHECK_FALSE(result);
  CHECK_FALSE(timed);
}

TEST_CASE("notify_all_at_thread_exit: after the thread_local destructors") {
  static int destroyed;
  destroyed = 0;
  struct at_exit {
    ~at_exit() { destroyed = 1; }
  };
  std::mutex mu;
  std::condition_variable cv;
  bool ready = false;
  std::thread t([&] {
    static thread_local at_exit e;
    (void)&e;
    std::unique_lock lock(mu);
    ready = true;
    std::notify_all_at_thread_exit(cv, std::move(lock));
  });
  {
    std::unique_lock lock(mu);
    cv.wait(lock, [&] { return ready; });
    CHECK(destroyed == 1);
  }
  t.join();
}

TEST_CASE("pthread_cond_t on CLOCK_MONOTONIC by attribute") {
  pthread_condattr_t a;
  pthread_cond_t cv;
  pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
  CHECK(pthread_condattr_init(&a) == 0);
  CHECK(pthread_condattr_setclock(&a, CLOCK_MONOTONIC) == 0);
  CHECK(pthread_cond_init(&cv, &a) == 0);
  CHECK(pthread_condattr_destroy(&a) == 0);
  timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += 20'000'000;
  if (until.tv_nsec >= 1'000'000'000) until.tv_sec += 1, until.tv_nsec -= 1'000'000'000;
  CHECK(pthread_mutex_lock(&mu) == 0);
  int rc = 0;
  while (rc == 0) rc = pthread_cond_timedwait(&cv, &mu, &until);
  CHECK(rc == ETIMEDOUT);
  CHECK(pthread_mutex_unlock(&mu) == 0);
  CHECK(pthread_cond_destroy(&cv) == 0);
}
