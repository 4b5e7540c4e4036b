// A kernel thread for each task: std::thread, std::mutex, std::condition_variable of the machine's own
// library.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/bench/micro/chans.h"
#include "tests/bench/micro/tasks.h"
#include "tests/bench/peers/by_conditions.h"

namespace {

struct kernel_threads {
  static constexpr long slow = 10, most = 10'000;
  using mutex = std::mutex;
  using channel = bench::channel_by_conditions<std::mutex, std::condition_variable>;
  using countdown = bench::countdown_by_conditions<std::mutex, std::condition_variable>;

  template <class F>
  static void go(F&& f) {
    std::thread(std::forward<F>(f)).detach();
  }
  template <class F>
  static void spawn_join(F&& f) {
    std::thread(std::forward<F>(f)).join();
  }
  static void yield() { std::this_thread::yield(); }
  static void sleep(std::chrono::microseconds d) { std::this_thread::sleep_for(d); }
};

}  // namespace

int main(int argc, char** argv) {
  return bench::main(argc, argv,
                     {bench::task_workloads<kernel_threads>, bench::channel_workloads<kernel_threads>});
}
