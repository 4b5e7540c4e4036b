// Boost.Fiber, with its own channels. GOMAXPROCS=1: round_robin; more: shared_work, a queue that as many
// kernel threads share.
#include <boost/fiber/all.hpp>
#include <cstdlib>
#include <memory>
#include <thread>

#include "tests/bench/micro/chans.h"
#include "tests/bench/micro/tasks.h"
#include "tests/bench/peers/by_conditions.h"

namespace {

namespace fibers = boost::fibers;

struct boost_fibers {
  static constexpr long slow = 1, most = 100'000;
  using mutex = fibers::mutex;
  using countdown = bench::countdown_by_conditions<fibers::mutex, fibers::condition_variable>;

  class channel {
   public:
    explicit channel(std::size_t capacity) {
      if (capacity == 0) {
        unbuffered_ = std::make_shared<fibers::unbuffered_channel<long>>();
      } else {
        buffered_ = std::make_shared<fibers::buffered_channel<long>>(capacity);
      }
    }
    void send(long v) const { unbuffered_ ? unbuffered_->push(v) : buffered_->push(v); }
    long recv() const { return unbuffered_ ? unbuffered_->value_pop() : buffered_->value_pop(); }

   private:
    std::shared_ptr<fibers::unbuffered_channel<long>> unbuffered_;
    std::shared_ptr<fibers::buffered_channel<long>> buffered_;
  };

  static fibers::fixedsize_stack stack() { return fibers::fixedsize_stack(16 * 1024); }
  template <class F>
  static void go(F&& f) {
    fibers::fiber(std::allocator_arg, stack(), std::forward<F>(f)).detach();
  }
  template <class F>
  static void spawn_join(F&& f) {
    fibers::fiber(std::allocator_arg, stack(), std::forward<F>(f)).join();
  }
  static void yield() { boost::this_fiber::yield(); }
  static void sleep(std::chrono::microseconds d) { boost::this_fiber::sleep_for(d); }
};

// A kernel thread that runs fibers of the shared queue until the process ends.
void serve() {
  fibers::use_scheduling_algorithm<fibers::algo::shared_work>(true);
  fibers::mutex lock;
  fibers::condition_variable never;
  std::unique_lock hold(lock);
  never.wait(hold, [] { return false; });
}

}  // namespace

int main(int argc, char** argv) {
  const char* procs = std::getenv("GOMAXPROCS");
  const int threads = procs != nullptr ? std::atoi(procs) : 1;
  for (int i = 1; i < threads; i++) std::thread(serve).detach();
  if (threads > 1) fibers::use_scheduling_algorithm<fibers::algo::shared_work>(true);
  const int status =
      bench::main(argc, argv, {bench::task_workloads<boost_fibers>, bench::channel_workloads<boost_fibers>});
  std::_Exit(status);  // threads that serve do not end
}
