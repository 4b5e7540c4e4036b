// Cycles and stalls: the program goes on, and says so by its status.
#include <fcntl.h>
#include <rt/go.h>
#include <rt/sync.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "tests/failure/ways.h"

namespace {
using namespace std::chrono_literals;

template <class F>
void for_a_while(std::chrono::milliseconds time, F f) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) f();
}

void live_cycle() {
  std::thread(joined_cycle).detach();
  for_a_while(2s, [] { std::this_thread::sleep_for(1ms); });
  _exit(0);
}
void join_cycle() {
  static std::mutex mu;
  std::thread([] {
    std::lock_guard hold(mu);
    std::thread([] { std::lock_guard other(mu); }).join();
  }).detach();
  std::this_thread::sleep_for(2s);
  _exit(0);
}

// Two goroutines that come here together, each with what the other will want.
struct meeting {
  std::atomic<int> here{0};
  void operator()() {
    for (here++; here < 2;) rt::yield();
  }
};
void both(void (*one)(), void (*other)()) {
  std::thread(one).detach();
  std::thread(other).detach();
  std::this_thread::sleep_for(1500ms);
  _exit(0);
}
void rwlock_cycle() {
  static std::shared_mutex a, b;
  static meeting meet;
  both(
      [] {
        a.lock(), meet();
        b.lock_shared();
      },
      [] {
        b.lock(), meet();
        a.lock();
      });
}
std::mutex wanted_once;
template <class Flag>
void once_cycle() {
  static Flag flag;
  static meeting meet;
  const auto call = [] {
    call_once(flag, [] {
      meet();
      wanted_once.lock();
    });
  };
  both(call, [] {
    wanted_once.lock(), meet();
    call_once(flag, [] {});
  });
}
meeting makers;
int make_second();
int make_first() {
  static const int first = (makers(), make_second());
  return first;
}
int make_second() {
  static const int second = (makers(), make_first());
  return second;
}
void static_cycle() {
  both([] { make_first(); }, [] { make_second(); });
}
// One of them will go on.
void timed_cycle() {
  static std::timed_mutex a;
  static std::mutex b;
  static meeting meet;
  both(
      [] {
        a.lock(), meet();
        b.lock();
      },
      [] {
        b.lock(), meet();
        (void)a.try_lock_for(1s);
        b.unlock();
      });
}
// Who holds it, nobody knows.
void ownerless_cycle() {
  static rt::mutex a, b;
  static meeting meet;
  both(
      [] {
        a.lock(), meet();
        b.lock();
      },
      [] {
        b.lock(), meet();
        a.lock();
      });
}

FRAME hog() {
  for_a_while(500ms, [] {});
}
void hog_beside_another() {
  std::thread([] { std::this_thread::sleep_for(1s); }).detach();
  hog();
}

// Calls that hold their kernel thread.

FRAME lock_file(int fd) { flock(fd, LOCK_EX); }
// A file's lock, wanted by two: beside one that sleeps, and one that reads, both of them parked.
void wait_for_file(void (*wait)(int)) {
  char name[] = "/tmp/rt0_file_lock.XXXXXX";
  const int held = mkstemp(name), wanted = open(name, O_RDWR);
  unlink(name);
  int ends[2];
  if (pipe(ends) != 0) abort();
  lock_file(held);
  std::thread reads([&ends] {
    char c;
    (void)!read(ends[0], &c, 1);
  });
  std::thread waits(wait, wanted);
  std::this_thread::sleep_for(500ms);
  flock(held, LOCK_UN);
  waits.join();
  close(ends[1]);
  reads.join();
}
void file_lock() { wait_for_file(lock_file); }
void file_lock_in_blocking() {
  wait_for_file([](int fd) { rt::blocking([fd] { lock_file(fd); }); });
}
FRAME wait_for(pid_t child) { waitpid(child, nullptr, 0); }
void wait_for_child() {
  const pid_t child = fork();
  if (child == 0) {
    usleep(500'000);
    _exit(0);
  }
  wait_for(child);
}
// Many, each of them short.
void short_calls() {
  for_a_while(500ms, [] { sync_file_range(0, 0, 0, 0); });
  for_a_while(500ms, [] { (void)access("/", R_OK); });
  rt::blocking([] { for_a_while(500ms, [] { (void)access("/", R_OK); }); });
}

}  // namespace

const ways_to_fail ways_that_go_on = {
    {"live-cycle", live_cycle},
    {"join-cycle", join_cycle},
    {"rwlock-cycle", rwlock_cycle},
    {"once-cycle", once_cycle<std::once_flag>},
    {"rt-once-cycle", once_cycle<rt::once_flag>},
    {"static-cycle", static_cycle},
    {"timed-cycle", timed_cycle},
    {"ownerless-cycle", ownerless_cycle},
    {"hog", hog_beside_another},
    {"file-lock", file_lock},
    {"file-lock-in-blocking", file_lock_in_blocking},
    {"wait-for-child", wait_for_child},
    {"short-calls", short_calls},
};
