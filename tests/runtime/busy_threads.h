// Threads that never park, and which kernel threads they were seen on.
#pragma once
#include <rt/go.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

class busy_threads {
 public:
  explicit busy_threads(int n) {
    for (int i = 0; i < n; i++) {
      threads_.emplace_back([this] {
        note();
        for (unsigned turn = 1; !done_.load(std::memory_order_relaxed); turn++) {
          if (turn % 4096 == 0) note();
        }
      });
    }
  }
  ~busy_threads() {
    done_ = true;
    for (auto& t : threads_) t.join();
  }
  std::size_t kernel_threads() const {
    const std::lock_guard hold(lock_);
    return seen_.size();
  }
  // With one P a second kernel thread comes only by chance: there are two from here on.
  void wait_for_kernel_threads(std::size_t n) const {
    if (rt::gomaxprocs(0) < 2) rt::gomaxprocs(2);
    while (kernel_threads() < n) std::this_thread::yield();
  }

 private:
  void note() {
    const long tid = syscall(SYS_gettid);
    const std::lock_guard hold(lock_);
    seen_.insert(tid);
  }

  std::atomic<bool> done_{false};
  mutable std::mutex lock_;
  std::set<long> seen_;
  std::vector<std::thread> threads_;
};
