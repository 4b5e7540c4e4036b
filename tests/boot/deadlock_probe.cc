// deadlock_probe HOW: blocks for ever in one of several ways. deadlock_test.sh wants Go's message, and
// silence where something may still happen.
#include <rt/go.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>

namespace {
using namespace std::chrono_literals;

std::mutex a, b;

void self_lock() {
  a.lock();
  a.lock();
}
void cycle() {
  std::binary_semaphore both(0), other(0);
  std::thread t([&] {
    std::lock_guard lb(b);
    both.release();
    other.acquire();
    std::lock_guard la(a);
  });
  std::lock_guard la(a);
  both.acquire();
  other.release();
  std::lock_guard lb(b);
  t.join();
}
void lost_notify() {
  std::condition_variable cv;
  std::unique_lock lock(a);
  cv.wait(lock, [] { return false; });
}
void joins_the_blocked() {
  std::thread([] {
    std::promise<int> never;
    never.get_future().wait();
  }).join();
}
void only_slow() {  // no deadlock: a timer will wake the thread that unlocks
  a.lock();
  std::thread t([] {
    std::this_thread::sleep_for(100ms);
    a.unlock();
  });
  a.lock();
  t.join();
}
void only_timed() {
  std::condition_variable cv;
  std::unique_lock lock(a);
  cv.wait_for(lock, 100ms, [] { return false; });
}
int reads_from(int fd) {
  char byte = 0;
  return read(fd, &byte, 1) == 1 ? 0 : 1;
}
int bound_reads() {  // its M is no poller, and the other Ms went to rest before one was needed
  const rt::os_thread_lock bound;
  std::this_thread::sleep_for(20ms);
  return reads_from(STDIN_FILENO);
}
int another_reads() {  // likewise: the P of the blocking call goes to nobody
  int outcome = 1;
  std::thread reader([&] { outcome = reads_from(STDIN_FILENO); });
  rt::blocking([] { usleep(100'000); });
  reader.join();
  return outcome;
}
}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc == 2 ? argv[1] : "";
  if (how == "self-lock")
    self_lock();
  else if (how == "cycle")
    cycle();
  else if (how == "lost-notify")
    lost_notify();
  else if (how == "join")
    joins_the_blocked();
  else if (how == "slow")
    only_slow();
  else if (how == "timed")
    only_timed();
  else if (how == "bound-read")
    return bound_reads();
  else if (how == "read-beside-call")
    return another_reads();
  else
    return 100;
  return 0;
}
