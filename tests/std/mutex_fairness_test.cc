// A waiter gets the mutex in the end, though another thread takes it again the moment it lets go.
//
// The standard promises no fairness, but unmodified programs live by what they are used to: elsewhere the
// kernel wakes the waiter and it wins some race soon. With a mutex that lets the running thread barge in, and
// threads that run one at a time, it would never win: Go's answer is to hand the lock over to who has waited
// for a millisecond.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace {

// One thread holds the lock whenever it runs, and yields only while holding it; the others want it once each.
template <class Mutex>
int starved() {
  Mutex mu;
  std::atomic<int> waiting{4};
  std::vector<std::thread> ts;
  mu.lock();
  for (int i = 0; i < 4; ++i)
    ts.emplace_back([&] {
      mu.lock();
      --waiting;
      mu.unlock();
    });
  while (waiting != 0) {
    std::this_thread::yield();
    mu.unlock();
    mu.lock();
  }
  mu.unlock();
  for (std::thread& t : ts) t.join();
  return waiting;
}

}  // namespace

TEST_CASE_TEMPLATE("unlock and lock again at once", M, std::mutex, std::recursive_mutex, std::timed_mutex) {
  CHECK(starved<M>() == 0);
}
