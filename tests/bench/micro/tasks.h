// Tasks of a runtime R: starting, yielding, locking, sleeping, and what a parked one weighs. The same
// workloads and counts as ../peers/micro.go.
//
// R is what a runtime offers, a struct of static members (tasks.cc has rt0's, ../peers/ has the others'):
//   go(f)                    starts f as a task that nobody joins
//   spawn_join(f)            starts f and waits for it
//   yield(), sleep(us)       of the calling task
//   mutex, countdown         its own lock; what bench::countdown does, by its own means
//   channel                  a handle, made from a capacity: send(long), long recv(), copies are the same
//   slow                     loops are that many times shorter, for a runtime that would need minutes
//   most                     tasks that it bears at once
#pragma once
#include <chrono>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>

#include "tests/bench/micro/harness.h"

namespace bench {

// One task after the other: start it, wait for it.
template <class R>
std::vector<figure> spawn_join(const char* name, long count) {
  count /= R::slow;
  const stopwatch time;
  for (long i = 0; i < count; i++) R::spawn_join([] {});
  return each(name, time, count);
}

// All at once.
template <class R>
std::vector<figure> spawn_many(const char* name, long count) {
  typename R::countdown all(count);
  const stopwatch time;
  for (long i = 0; i < count; i++) R::go([&] { all.done(); });
  all.wait();
  return each(name, time, count);
}

// Two tasks that do nothing but give way to each other.
template <class R>
std::vector<figure> yield_pair(const char* name, long count) {
  count /= R::slow;
  typename R::countdown both(2);
  const stopwatch time;
  for (int k = 0; k < 2; k++) {
    R::go([&both, count] {
      for (long i = 0; i < count / 2; i++) R::yield();
      both.done();
    });
  }
  both.wait();
  return each(name, time, count);
}

// Two tasks on one lock.
template <class R, class Mutex = typename R::mutex>
std::vector<figure> mutex2(const char* name, long count) {
  count /= R::slow;
  Mutex mutex;
  volatile long guarded = 0;
  typename R::countdown both(2);
  const stopwatch time;
  for (int k = 0; k < 2; k++) {
    R::go([&, count] {
      for (long i = 0; i < count / 2; i++) {
        const std::lock_guard hold(mutex);
        guarded = guarded + 1;
      }
      both.done();
    });
  }
  both.wait();
  std::vector<figure> result = each(name, time, count);
  if (guarded != count / 2 * 2) throw std::runtime_error("an increment was lost");
  return result;
}

template <class R>
double sleepers_ns(long tasks, long sleeps_each, std::chrono::microseconds each) {
  typename R::countdown all(tasks);
  const stopwatch time;
  for (long k = 0; k < tasks; k++) {
    R::go([&all, sleeps_each, each] {
      for (long i = 0; i < sleeps_each; i++) R::sleep(each);
      all.done();
    });
  }
  all.wait();
  return time.ns();
}

// Sleeps so short that they are all bookkeeping: per sleep.
template <class R>
std::vector<figure> sleep_1us(const char* name, long count) {
  constexpr long each = 20;
  return {{name, "ns",
           sleepers_ns<R>(count / each, each, std::chrono::microseconds(1)) / static_cast<double>(count)}};
}

// Ten sleeps of 10 ms one after another in each: 100 ms would be ideal.
template <class R>
std::vector<figure> sleep_10ms(const char* name, long count) {
  return {{name, "ms", sleepers_ns<R>(count, 10, std::chrono::milliseconds(10)) / 1e6}};
}

struct weight {
  double resident_bytes = 0, table_bytes = 0;
};

inline weight weigh() {
  weight w;
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key; status.ignore(1 << 10, '\n')) {
    double kib = 0;
    if (key == "VmRSS:" && status >> kib) w.resident_bytes = kib * 1024;
    if (key == "VmPTE:" && status >> kib) w.table_bytes = kib * 1024;
  }
  return w;
}

// What a task that waits for something takes of memory, and of the kernel's for page tables.
template <class R>
std::vector<figure> mem(const char* name, long count) {
  count = std::min(count, R::most);
  typename R::countdown up(count), ended(count);
  const typename R::channel stop(0);
  const weight before = weigh();
  long started = 0;
  try {
    for (; started < count; started++) {
      R::go([&] {
        up.done();
        (void)stop.recv();
        ended.done();
      });
    }
  } catch (const std::exception& e) {
    // The waiters use what lies in this frame: it may not be left.
    std::fprintf(stderr, "bench: %s: task %ld of %ld: %s\n", name, started + 1, count, e.what());
    std::_Exit(1);
  }
  up.wait();
  const weight after = weigh();
  for (long i = 0; i < count; i++) stop.send(i);
  ended.wait();
  const auto of_one = [count](double from, double to) { return (to - from) / static_cast<double>(count); };
  return {{name, "B", of_one(before.resident_bytes, after.resident_bytes)},
          {std::string(name) + "_pte", "B", of_one(before.table_bytes, after.table_bytes)}};
}

template <class R>
inline constexpr workload task_workloads[] = {
    {"yield_pair", yield_pair<R>, 1'000'000, 100}, {"spawn_join", spawn_join<R>, 100'000, 100},
    {"spawn_10k", spawn_many<R>, 10'000, 100},     {"mutex2", mutex2<R>, 2'000'000, 100},
    {"sleep_1us", sleep_1us<R>, 20'000, 40},       {"sleep_10ms", sleep_10ms<R>, 10'000, 2},
    {"mem", mem<R>, 1'000'000, 100, true},
};

}  // namespace bench
