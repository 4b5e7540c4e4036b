// rt0 as a runtime of these workloads (tasks.h).
#pragma once
#include <rt/chan.h>
#include <rt/go.h>
#include <semaphore.h>

#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "tests/bench/micro/harness.h"

namespace bench {

struct rt0_runtime {
  static constexpr long slow = 1, most = 1'000'000;
  using mutex = std::mutex;
  using countdown = bench::countdown;

  class channel {
   public:
    explicit channel(std::size_t capacity) : c_(capacity) {}
    void send(long v) const { c_.send(v); }
    long recv() const { return *c_.recv(); }

   private:
    rt::chan<long> c_;
  };

  template <class F>
  static void go(F&& f) {
    rt::go(std::forward<F>(f));
  }
  template <class F>
  static void spawn_join(F&& f) {
    sem_t done;
    sem_init(&done, 0, 0);
    rt::go([&] {
      f();
      sem_post(&done);
    });
    sem_wait(&done);
  }
  static void yield() { rt::yield(); }
  static void sleep(std::chrono::microseconds d) { std::this_thread::sleep_for(d); }
};

}  // namespace bench
