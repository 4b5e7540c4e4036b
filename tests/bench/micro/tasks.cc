// Goroutines of rt::go: starting, yielding, locking, sleeping, and what a parked one weighs. The same
// workloads and counts as ../peers/micro.go.
#include <rt/go.h>
#include <rt/sync.h>
#include <semaphore.h>

#include <chrono>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/bench/micro/harness.h"

namespace {

using bench::countdown;
using bench::figure;
using bench::stopwatch;

// One goroutine after the other: start it, wait for it.
std::vector<figure> spawn_join(const char* name, long count) {
  sem_t done;
  sem_init(&done, 0, 0);
  const stopwatch time;
  for (long i = 0; i < count; i++) {
    rt::go([&] { sem_post(&done); });
    sem_wait(&done);
  }
  return {{name, "ns", time.ns() / static_cast<double>(count)}};
}

// All at once.
std::vector<figure> spawn_many(const char* name, long count) {
  countdown all(count);
  const stopwatch time;
  for (long i = 0; i < count; i++) rt::go([&] { all.done(); });
  all.wait();
  return {{name, "ns", time.ns() / static_cast<double>(count)}};
}

// Two goroutines that do nothing but give way to each other.
std::vector<figure> yield_pair(const char* name, long count) {
  countdown both(2);
  const stopwatch time;
  for (int k = 0; k < 2; k++) {
    rt::go([&] {
      for (long i = 0; i < count / 2; i++) rt::yield();
      both.done();
    });
  }
  both.wait();
  return {{name, "ns", time.ns() / static_cast<double>(count)}};
}

void tree_node(long leaves, std::atomic<long>& sum) {
  if (leaves == 1) {
    sum.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  countdown children(10);
  for (int i = 0; i < 10; i++) {
    rt::go([&, leaves] {
      tree_node(leaves / 10, sum);
      children.done();
    });
  }
  children.wait();
}

// A tree of goroutines, ten below each, as in the skynet benchmark: per leaf.
std::vector<figure> spawn_tree(const char* name, long count) {
  std::atomic<long> sum{0};
  const stopwatch time;
  tree_node(count, sum);
  const double ns = time.ns();
  if (sum.load() != count) throw std::runtime_error("a leaf was lost");
  return {{name, "ns", ns / static_cast<double>(count)}};
}

// Two goroutines on one lock.
template <class Mutex>
std::vector<figure> mutex2(const char* name, long count) {
  Mutex mutex;
  volatile long guarded = 0;
  countdown both(2);
  const stopwatch time;
  for (int k = 0; k < 2; k++) {
    rt::go([&] {
      for (long i = 0; i < count / 2; i++) {
        const std::lock_guard hold(mutex);
        guarded = guarded + 1;
      }
      both.done();
    });
  }
  both.wait();
  const double ns = time.ns();
  if (guarded != count / 2 * 2) throw std::runtime_error("an increment was lost");
  return {{name, "ns", ns / static_cast<double>(count)}};
}

double sleepers_ns(long goroutines, long sleeps_each, std::chrono::microseconds each) {
  countdown all(goroutines);
  const stopwatch time;
  for (long k = 0; k < goroutines; k++) {
    rt::go([&, sleeps_each, each] {
      for (long i = 0; i < sleeps_each; i++) std::this_thread::sleep_for(each);
      all.done();
    });
  }
  all.wait();
  return time.ns();
}

// Sleeps so short that they are all bookkeeping: per sleep.
std::vector<figure> sleep_1us(const char* name, long count) {
  constexpr long each = 20;
  return {{name, "ns",
           sleepers_ns(count / each, each, std::chrono::microseconds(1)) / static_cast<double>(count)}};
}

// Ten sleeps of 10 ms one after another in each: 100 ms would be ideal.
std::vector<figure> sleep_10ms(const char* name, long count) {
  return {{name, "ms", sleepers_ns(count, 10, std::chrono::milliseconds(10)) / 1e6}};
}

struct weight {
  double resident_bytes = 0, table_bytes = 0;
};

weight weigh() {
  weight w;
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key; status.ignore(1 << 10, '\n')) {
    double kib = 0;
    if (key == "VmRSS:" && status >> kib) w.resident_bytes = kib * 1024;
    if (key == "VmPTE:" && status >> kib) w.table_bytes = kib * 1024;
  }
  return w;
}

// What a goroutine that waits for something takes of memory, and of the kernel's for page tables.
std::vector<figure> mem(const char* name, long count) {
  countdown up(count), ended(count);
  sem_t stop;
  sem_init(&stop, 0, 0);
  const weight before = weigh();
  long started = 0;
  try {
    for (; started < count; started++) {
      rt::go([&] {
        up.done();
        sem_wait(&stop);
        ended.done();
      });
    }
  } catch (const std::exception& e) {
    // The waiters use what lies in this frame: it may not be left.
    std::fprintf(stderr, "bench: %s: goroutine %ld of %ld: %s\n", name, started + 1, count, e.what());
    std::_Exit(1);
  }
  up.wait();
  const weight after = weigh();
  for (long i = 0; i < count; i++) sem_post(&stop);
  ended.wait();
  const auto each = [count](double from, double to) { return (to - from) / static_cast<double>(count); };
  return {{name, "B", each(before.resident_bytes, after.resident_bytes)},
          {std::string(name) + "_pte", "B", each(before.table_bytes, after.table_bytes)}};
}

constexpr bench::workload workloads[] = {
    {"yield_pair", yield_pair, 1'000'000, 100},
    {"spawn_join", spawn_join, 100'000, 100},
    {"spawn_10k", spawn_many, 10'000, 100},
    {"mutex2", mutex2<std::mutex>, 2'000'000, 100},
    {"mutex2_rt", mutex2<rt::mutex>, 2'000'000, 100},
    {"sleep_1us", sleep_1us, 20'000, 40},
    {"sleep_10ms", sleep_10ms, 10'000, 2},
    {"mem", mem, 1'000'000, 100, true},
    {"preempt_yield", yield_pair, 2'000'000, 100},
    {"preempt_tree", spawn_tree, 100'000, 10},
};

}  // namespace

int main(int argc, char** argv) { return bench::main(argc, argv, workloads); }
