// A goroutine bound to its kernel thread: it runs there alone, whatever it waits for, and frees it in the
// end.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "runtime/sched/locked_m.h"

#include <dirent.h>
#include <doctest/doctest.h>
#include <rt/go.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "rt0/arch.h"

namespace {

using namespace std::chrono_literals;

int kernel_threads() {
  int n = 0;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* one = readdir(tasks)) n += one->d_name[0] != '.';
  closedir(tasks);
  return n;
}

int bound_ms() {
  int n = 0;
  for (rt0::m* mp = rt0::sched.allm.load(); mp != nullptr; mp = mp->alllink) n += mp->lockedg != nullptr;
  return n;
}

// Threads that go from M to M, and note whether one of them was ever on the kernel thread `taken`.
struct others {
  std::atomic<bool> stop{false};
  std::atomic<pid_t> taken{0};
  std::atomic<long> ran{0}, trespassed{0};
  std::vector<std::thread> threads;

  others() {
    for (int i = 0; i < 6; i++) {
      threads.emplace_back([this, i] {
        while (!stop) {
          if (gettid() == taken.load()) trespassed++;
          ran++;
          i % 2 != 0 ? std::this_thread::yield() : std::this_thread::sleep_for(20us);
        }
      });
    }
  }
  void end() {
    stop = true;
    for (auto& t : threads) t.join();
  }
};

void many_waits(pid_t tid) {
  std::mutex mu;
  std::condition_variable changed;
  int fd[2];
  REQUIRE(pipe(fd) == 0);
  for (int i = 0; i < 200; i++) {
    std::this_thread::yield();
    CHECK(gettid() == tid);
    std::this_thread::sleep_for(50us);
    CHECK(gettid() == tid);
    bool ready = false;
    std::thread waker([&] {
      std::lock_guard hold(mu);
      ready = true;
      changed.notify_one();
      if (write(fd[1], "x", 1) != 1) abort();
    });
    {
      std::unique_lock hold(mu);
      changed.wait(hold, [&] { return ready; });
    }
    CHECK(gettid() == tid);
    char byte;
    CHECK(read(fd[0], &byte, 1) == 1);
    CHECK(gettid() == tid);
    waker.join();
  }
  for (long i = 0; i < 30'000'000; i++) asm volatile("");  // and preemptions
  CHECK(gettid() == tid);
  close(fd[0]);
  close(fd[1]);
}

}  // namespace

TEST_CASE("lock_os_thread nests") {
  rt0::g* gp = rt0::getg();
  CHECK_FALSE(rt0::unlock_os_thread());
  rt0::lock_os_thread();
  rt0::lock_os_thread();
  CHECK(gp->lockedm == rt0::getm());
  CHECK(rt0::unlock_os_thread());
  CHECK(gp->lockedm == rt0::getm());
  CHECK(rt0::unlock_os_thread());
  CHECK(gp->lockedm == nullptr);
  CHECK_FALSE(rt0::unlock_os_thread());
  CHECK(bound_ms() == 0);
}

TEST_CASE("a bound goroutine sleeps while there is nobody else: no deadlock") {
  rt0::lock_os_thread();
  for (int i = 0; i < 20; i++) std::this_thread::sleep_for(3ms);
  CHECK(rt0::unlock_os_thread());
}

TEST_CASE("a bound goroutine stays on its kernel thread, over every wait, and is alone there") {
  others crowd;
  rt0::lock_os_thread();
  const pid_t tid = gettid();
  crowd.taken = tid;
  many_waits(tid);
  crowd.taken = 0;
  CHECK(rt0::unlock_os_thread());
  crowd.end();
  CHECK(crowd.ran > 1'000);
  CHECK(crowd.trespassed == 0);
}

TEST_CASE("several are bound at once, each to its own") {
  others crowd;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; i++) {
    threads.emplace_back([&wrong] {
      rt0::lock_os_thread();
      const pid_t tid = gettid();
      for (int k = 0; k < 300; k++) {
        k % 2 != 0 ? std::this_thread::yield() : std::this_thread::sleep_for(30us);
        if (gettid() != tid) wrong++;
      }
      rt0::unlock_os_thread();
    });
  }
  for (auto& t : threads) t.join();
  crowd.end();
  CHECK(wrong == 0);
}

TEST_CASE("a goroutine that ends while bound frees its M") {
  const auto bind_and_end = [] {
    std::atomic<int> left{20};
    for (int i = 0; i < 10; i++) {
      rt::go([&left] {
        rt0::lock_os_thread();
        rt0::lock_os_thread();
        std::this_thread::sleep_for(100us);
        left--;
      });
      std::thread([&left] {
        rt0::lock_os_thread();
        std::this_thread::yield();
        left--;
      }).detach();
    }
    while (left != 0) std::this_thread::sleep_for(100us);
  };
  bind_and_end();
  const int before = kernel_threads();
  for (int i = 0; i < 50; i++) bind_and_end();
  for (int i = 0; i < 1'000 && bound_ms() != 0; i++)
    std::this_thread::sleep_for(1ms);  // they have still to end
  CHECK(bound_ms() == 0);
  // 1,000 have come and gone; at most as many as are bound at once were ever needed beside the usual ones.
  CHECK(kernel_threads() <= before + 20);
}
