// std::thread as it is: built on rt0, where it is a goroutine, and by the machine's own compiler, where it is
// a kernel thread. No rt0 header.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/bench/micro/harness.h"

namespace {

using bench::figure;
using bench::stopwatch;

// A thread that does nothing: make it, join it.
std::vector<figure> thread_join(const char* name, long count) {
  const stopwatch time;
  for (long i = 0; i < count; i++) std::thread([] {}).join();
  return bench::each(name, time, count);
}

// Two threads that take turns over a mutex and a condition variable: per round trip.
std::vector<figure> cv_pingpong(const char* name, long count) {
  std::mutex mutex;
  std::condition_variable turned;
  int turn = 0;
  const auto play = [&](int mine) {
    for (long i = 0; i < count; i++) {
      std::unique_lock hold(mutex);
      turned.wait(hold, [&] { return turn == mine; });
      turn = 1 - mine;
      turned.notify_one();
    }
  };
  const stopwatch time;
  std::thread other(play, 1);
  play(0);
  other.join();
  return bench::each(name, time, count);
}

constexpr bench::workload workloads[] = {
    {"thread_join", thread_join, 5'000, 20},
    {"cv_pingpong", cv_pingpong, 5'000, 20},
};

}  // namespace

int main(int argc, char** argv) { return bench::main(argc, argv, {workloads}); }
