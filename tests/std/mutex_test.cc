// The std mutex family: mutual exclusion with a switch inside the critical section, try, timed, recursive,
// shared, scoped_lock. The pthread kinds and their error codes: pthread_mutex_test.cc.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

// n threads, each `rounds` times: lock, read, yield (so that others meet the lock), write, unlock.
template <class Mutex>
long contended_sum(int n, int rounds) {
  Mutex mu;
  long sum = 0;
  std::vector<std::thread> ts;
  for (int i = 0; i < n; ++i)
    ts.emplace_back([&] {
      for (int r = 0; r < rounds; ++r) {
        std::lock_guard lock(mu);
        const long seen = sum;
        if (r % 4 == 0) std::this_thread::yield();
        sum = seen + 1;
      }
    });
  for (std::thread& t : ts) t.join();
  return sum;
}

template <class F>
void in_thread(F f) {
  std::thread(f).join();
}

}  // namespace

TEST_CASE_TEMPLATE("one owner at a time", M, std::mutex, std::recursive_mutex, std::timed_mutex,
                   std::recursive_timed_mutex, std::shared_mutex, std::shared_timed_mutex) {
  CHECK(contended_sum<M>(8, 400) == 3200);
}

TEST_CASE_TEMPLATE("try_lock fails while another owns it", M, std::mutex, std::recursive_mutex,
                   std::timed_mutex, std::shared_mutex) {
  M mu;
  mu.lock();
  in_thread([&] { CHECK_FALSE(mu.try_lock()); });
  mu.unlock();
  in_thread([&] {
    CHECK(mu.try_lock());
    mu.unlock();
  });
}

TEST_CASE("recursive_mutex: as many unlocks as locks") {
  std::recursive_mutex mu;
  for (int i = 0; i < 5; ++i) mu.lock();
  CHECK(mu.try_lock());
  for (int i = 0; i < 6; ++i) {
    in_thread([&] { CHECK_FALSE(mu.try_lock()); });
    mu.unlock();
  }
  in_thread([&] {
    CHECK(mu.try_lock());
    mu.unlock();
  });
}

TEST_CASE_TEMPLATE("timed: gives up not before the time, succeeds when released", M, std::timed_mutex,
                   std::recursive_timed_mutex, std::shared_timed_mutex) {
  M mu;
  mu.lock();
  in_thread([&] {
    const auto start = steady_clock::now();
    CHECK_FALSE(mu.try_lock_for(30ms));
    CHECK(steady_clock::now() - start >= 30ms);
    const auto until = std::chrono::system_clock::now() + 30ms;
    CHECK_FALSE(mu.try_lock_until(until));
    CHECK(std::chrono::system_clock::now() >= until);
    CHECK_FALSE(mu.try_lock_for(0ms));
    CHECK_FALSE(mu.try_lock_until(steady_clock::now() - 1s));
  });
  std::thread waiter([&] {
    CHECK(mu.try_lock_for(60s));
    mu.unlock();
  });
  std::this_thread::sleep_for(10ms);
  mu.unlock();
  waiter.join();
}

TEST_CASE("shared_mutex: readers together, writers alone") {
  std::shared_mutex mu;
  std::atomic<int> readers{0}, most{0}, torn{0};
  int a = 0, b = 0;
  std::vector<std::thread> ts;
  for (int i = 0; i < 6; ++i)
    ts.emplace_back([&] {
      for (int r = 0; r < 50; ++r) {
        std::shared_lock lock(mu);
        const int now = ++readers;
        for (int m = most; m < now && !most.compare_exchange_weak(m, now);) {
        }
        const int seen = a;
        std::this_thread::yield();
        if (seen != b) ++torn;
        --readers;
      }
    });
  for (int i = 0; i < 2; ++i)
    ts.emplace_back([&] {
      for (int r = 0; r < 50; ++r) {
        std::unique_lock lock(mu);
        if (readers != 0) ++torn;
        ++a;
        std::this_thread::yield();
        ++b;
      }
    });
  for (std::thread& t : ts) t.join();
  CHECK(torn == 0);
  CHECK(a == 100);
  CHECK(b == 100);
  CHECK(most >= 1);
}

TEST_CASE("shared_timed_mutex: a shared owner keeps writers out, not readers") {
  std::shared_timed_mutex mu;
  std::shared_lock held(mu);
  in_thread([&] {
    CHECK(mu.try_lock_shared());
    mu.unlock_shared();
    CHECK(mu.try_lock_shared_for(10ms));
    mu.unlock_shared();
    CHECK_FALSE(mu.try_lock());
    CHECK_FALSE(mu.try_lock_for(20ms));
  });
  held.unlock();
  in_thread([&] {
    CHECK(mu.try_lock_for(60s));
    mu.unlock();
  });
}

TEST_CASE("scoped_lock and std::lock take two in either order without deadlock") {
  std::mutex a, b;
  long n = 0;
  std::vector<std::thread> ts;
  for (int i = 0; i < 4; ++i)
    ts.emplace_back([&, i] {
      for (int r = 0; r < 200; ++r) {
        if (i % 2) {
          std::scoped_lock both(a, b);
          ++n;
        } else {
          std::scoped_lock both(b, a);
          std::this_thread::yield();
          ++n;
        }
      }
    });
  for (std::thread& t : ts) t.join();
  CHECK(n == 800);
}

TEST_CASE("a mutex may be destroyed by whoever locked it last") {
  // As glibc bug 13690: unlock must not touch the mutex after the next owner can have it, for the next owner
  // frees it.
  struct object {
    std::mutex mu;
    int refs = 2;
  };
  for (int i = 0; i < 500; ++i) {
    auto* o = new object;
    auto drop = [o](bool yields) {
      o->mu.lock();
      if (yields) std::this_thread::yield();
      const int left = --o->refs;
      o->mu.unlock();
      if (left == 0) {
        __builtin_memset(static_cast<void*>(o), 0xa5, sizeof *o);
        delete o;
      }
    };
    std::thread t(drop, true);
    drop(i % 2 == 0);
    t.join();
  }
}

TEST_CASE("every waiter gets the lock in the end") {
  std::mutex mu;
  std::vector<int> order;
  mu.lock();
  std::vector<std::thread> ts;
  for (int i = 0; i < 100; ++i)
    ts.emplace_back([&, i] {
      std::lock_guard lock(mu);
      order.push_back(i);
    });
  std::this_thread::sleep_for(10ms);
  CHECK(order.empty());
  mu.unlock();
  for (std::thread& t : ts) t.join();
  CHECK(order.size() == 100);
}
