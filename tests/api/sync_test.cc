// <rt/sync.h>: the standard's guarantees, Go's sync tests in our terms.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/sync.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

constinit rt::mutex at_start;  // constexpr-made
static_assert(sizeof(rt::mutex) == 4);

}  // namespace

TEST_CASE("mutex: TestMutex, HammerMutex") {
  CHECK(at_start.try_lock());
  CHECK_FALSE(at_start.try_lock());
  at_start.unlock();
  rt::mutex m;
  long count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; i++) {
    threads.emplace_back([&] {
      for (int n = 0; n < 5000; n++) {
        if (n % 3 == 0 && m.try_lock()) {
          count++;
          m.unlock();
          continue;
        }
        const std::lock_guard hold(m);
        count++;
        if (n % 500 == 0) rt::yield();
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(count == 50'000);
}

TEST_CASE("mutexes with the standard's holders; a lock is destroyed right after its unlock") {
  rt::mutex a, b;
  for (int i = 0; i < 2; i++) {
    const std::scoped_lock both(a, b);
    CHECK_FALSE(a.try_lock());
  }
  std::unique_lock<rt::mutex> later(a, std::defer_lock);
  std::lock(later, b);
  later.unlock();
  b.unlock();
  for (int i = 0; i < 300; i++) {
    auto shared = std::make_unique<rt::mutex>();
    shared->lock();
    std::thread other([&] {
      shared->lock();
      shared->unlock();
      shared.reset();
    });
    shared->unlock();
    other.join();
  }
}

TEST_CASE("timed_mutex") {
  rt::timed_mutex m;
  m.lock();
  std::thread other([&] {
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(m.try_lock_for(10ms));
    CHECK(std::chrono::steady_clock::now() - begin >= 10ms);
    CHECK_FALSE(m.try_lock_until(std::chrono::system_clock::now() - 1s));
    CHECK(m.try_lock_for(10s));
    m.unlock();
  });
  std::this_thread::sleep_for(25ms);
  m.unlock();
  other.join();
  CHECK(m.try_lock_for(0s));
}

TEST_CASE("shared_mutex: TestParallelReaders, TestRWMutex, TestTryRLock") {
  rt::shared_mutex m;
  {
    std::latch inside(4);
    std::vector<std::thread> readers;
    for (int i = 0; i < 4; i++) {
      readers.emplace_back([&] {
        const std::shared_lock hold(m);
        inside.arrive_and_wait();  // all of them at once, or never
      });
    }
    for (auto& r : readers) r.join();
  }
  std::atomic<int> activity{0};
  std::atomic<bool> wrong{false};
  std::vector<std::thread> threads;
  for (int w = 0; w < 2; w++) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; i++) {
        const std::unique_lock hold(m);
        if (activity.fetch_add(10'000) != 0) wrong = true;
        if (i % 50 == 0) rt::yield();
        activity -= 10'000;
      }
    });
  }
  for (int r = 0; r < 6; r++) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; i++) {
        const std::shared_lock hold(m);
        const int n = activity.fetch_add(1);
        if (n < 0 || n >= 10'000) wrong = true;
        if (i % 50 == 0) rt::yield();
        activity--;
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK_FALSE(wrong);
  CHECK(m.try_lock());
  CHECK_FALSE(m.try_lock_shared());
  CHECK_FALSE(m.try_lock());
  m.unlock();
  CHECK(m.try_lock_shared());
  CHECK(m.try_lock_shared());
  CHECK_FALSE(m.try_lock());
  m.unlock_shared();
  m.unlock_shared();
}

TEST_CASE("shared_mutex: a writer that waits keeps new readers out") {
  rt::shared_mutex m;
  m.lock_shared();
  std::atomic<bool> written{false};
  std::thread writer([&] {
    const std::unique_lock hold(m);
    written = true;
  });
  while (m.try_lock_shared()) {
    m.unlock_shared();
    rt::yield();
  }
  CHECK_FALSE(written);
  m.unlock_shared();
  writer.join();
  CHECK(written);
}

TEST_CASE("condition_variable: TestCondSignal, TestCondBroadcast, waits with an end") {
  rt::mutex m;
  rt::condition_variable changed;
  int awake = 0, running = 0;
  bool go = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 50; i++) {
    threads.emplace_back([&] {
      std::unique_lock hold(m);
      running++;
      changed.wait(hold, [&] { return go; });
      awake++;
    });
  }
  for (;;) {
    const std::lock_guard hold(m);
    if (running == 50) break;
    rt::yield();
  }
  changed.notify_all();  // for nothing
  {
    const std::lock_guard hold(m);
    CHECK(awake == 0);
    go = true;
  }
  changed.notify_all();
  for (auto& t : threads) t.join();
  CHECK(awake == 50);
  std::unique_lock hold(m);
  CHECK(changed.wait_for(hold, 5ms) == std::cv_status::timeout);
  CHECK_FALSE(changed.wait_for(hold, 5ms, [] { return false; }));
  CHECK(changed.wait_until(hold, std::chrono::system_clock::now() + 1h, [] { return true; }));
  std::stop_source stop;
  std::thread stopper([&] {
    std::this_thread::sleep_for(2ms);
    stop.request_stop();
  });
  CHECK_FALSE(changed.wait(hold, stop.get_token(), [] { return false; }));
  stopper.join();
  CHECK_FALSE(changed.wait(hold, stop.get_token(), [] { return false; }));
  CHECK(changed.wait_for(hold, stop.get_token(), 1h, [] { return true; }));
}

// A notification wakes who waited before it: the i-th thread, though the next one waits already.
TEST_CASE("a stop ends the waits of one, and nobody else's") {
  rt::wait_group work, waiters;
  rt::counting_semaphore<> permits(0);
  std::stop_source stop;
  work.add(1);
  std::atomic<int> stopped{0}, done{0};
  for (int i = 0; i < 8; i++) {
    const std::stop_token token = i % 2 == 0 ? stop.get_token() : std::stop_token();
    waiters.go([&, token] { (work.wait(token) ? done : stopped)++; });
    waiters.go([&, token] { (permits.acquire(token) ? done : stopped)++; });
  }
  rt::yield();
  stop.request_stop();
  while (stopped < 8) rt::yield();
  CHECK(done == 0);
  CHECK_FALSE(work.wait(stop.get_token()));
  work.done();
  permits.release(4);
  waiters.wait();
  CHECK(stopped == 8);
  CHECK(done == 8);
  CHECK(work.wait(stop.get_token()));  // there is nothing to wait for
}

TEST_CASE("condition_variable: TestCondSignalGenerations") {
  rt::mutex m;
  rt::condition_variable c;
  constexpr int n = 100;
  const rt::chan<bool> running(n);
  const rt::chan<int> awake(n);
  for (int i = 0; i < n; i++) {
    rt::go([&, i] {
      std::unique_lock hold(m);
      running.send(true);
      c.wait(hold);
      awake.send(i);
    });
    if (i > 0) CHECK(awake.recv() == i - 1);
    (void)running.recv();
    const std::lock_guard hold(m);
    c.notify_one();
  }
  CHECK(awake.recv() == n - 1);
  const std::lock_guard hold(m);  // the last one's is over
}

TEST_CASE("a stop request is never lost") {
  for (int round = 0; round < 500; round++) {
    rt::mutex m;
    rt::condition_variable changed;
    rt::counting_semaphore<> none(0);
    std::stop_source stop;
    std::thread waits([&] {
      std::unique_lock hold(m);
      CHECK_FALSE(changed.wait(hold, stop.get_token(), [] { return false; }));
    });
    std::thread acquires([&] { CHECK_FALSE(none.acquire(stop.get_token())); });
    for (int i = 0; i < round % 4; i++) rt::yield();
    stop.request_stop();
    waits.join();
    acquires.join();
  }
}

TEST_CASE("semaphores: permits are neither lost nor made") {
  rt::counting_semaphore<100> permits(3);
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; i++) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 500; n++) {
        if (i % 3 == 0) {
          if (!permits.try_acquire_for(1us * (n % 50))) continue;
        } else {
          permits.acquire();
        }
        const int now = ++inside;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) continue;
        if (n % 7 == 0) rt::yield();
        inside--;
        permits.release();
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(most <= 3);
  for (int i = 0; i < 3; i++) CHECK(permits.try_acquire());
  CHECK_FALSE(permits.try_acquire());
  CHECK_FALSE(permits.try_acquire_for(2ms));
  rt::binary_semaphore ping(0), pong(0);
  std::thread other([&] {
    for (int i = 0; i < 1000; i++) {
      ping.acquire();
      pong.release();
    }
  });
  for (int i = 0; i < 1000; i++) {
    ping.release();
    pong.acquire();
  }
  other.join();
}

TEST_CASE("wait_group: a callable whose move throws is not waited for") {
  struct moved_once {
    int moves = 0;
    moved_once() = default;
    moved_once(const moved_once&) = default;
    moved_once(moved_once&& from) : moves(from.moves + 1) {
      if (moves == 2) throw std::runtime_error("the second move");
    }
    void operator()() {}
  };
  rt::wait_group group;
  CHECK_THROWS_AS(group.go(moved_once()), std::runtime_error);
  group.wait();
}

TEST_CASE("a semaphore is destroyed by who acquired it, while the release returns") {
  alignas(rt::binary_semaphore) std::byte room[sizeof(rt::binary_semaphore)];
  std::atomic<rt::binary_semaphore*> box{nullptr};
  std::atomic<bool> end{false};
  std::thread releases([&] {
    while (!end) {
      if (rt::binary_semaphore* s = box.exchange(nullptr)) {
        s->release();
      } else {
        rt::yield();
      }
    }
  });
  for (int i = 0; i < 2000; i++) {
    auto* s = new (room) rt::binary_semaphore(0);
    box = s;
    if (i % 2 == 0) rt::yield();
    s->acquire();
    std::destroy_at(s);
    for (std::byte& b : room) b = std::byte{0x5a};
    rt::yield();
    CHECK(std::ranges::all_of(room, [](std::byte b) { return b == std::byte{0x5a}; }));
  }
  end = true;
  releases.join();
}

TEST_CASE("wait_group: TestWaitGroup, TestWaitGroupGo, TestWaitGroupRace") {
  for (int round = 0; round < 8; round++) {
    rt::wait_group group;
    std::atomic<int> exited{0};
    group.add(16);
    for (int i = 0; i < 16; i++) {
      rt::go([&] {
        exited++;
        group.done();
      });
    }
    group.wait();
    CHECK(exited == 16);
    group.wait();  // at once
    for (int i = 0; i < 5; i++) {
      group.go([&, p = std::make_unique<int>(1)] { exited += *p; });
    }
    group.wait();
    CHECK(exited == 21);
  }
  for (int round = 0; round < 1000; round++) {
    auto group = std::make_unique<rt::wait_group>();
    std::atomic<int> n{0};
    group->add(1);
    rt::go([&, g = group.get()] {
      n++;
      g->done();
    });
    group->add(1);
    rt::go([&, g = group.get()] {
      n++;
      g->done();
    });
    group->wait();
    REQUIRE(n == 2);
    group.reset();
  }
}

TEST_CASE("call_once: TestOnce, TestOncePanic") {
  rt::once_flag flag;
  std::atomic<int> calls{0};
  CHECK_THROWS_AS(rt::call_once(flag, [] { throw std::runtime_error("no"); }), std::runtime_error);
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; i++) {
    threads.emplace_back([&] {
      rt::call_once(
          flag,
          [&](int by) {
            std::this_thread::sleep_for(2ms);
            calls += by;
          },
          1);
      CHECK(calls == 1);
    });
  }
  for (auto& t : threads) t.join();
  CHECK(calls == 1);
}
