// zoo: a goroutine of every kind that a list or a traceback must get right, each where it stays. Says "ready"
// when all have come to rest, and waits for its stdin to end.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <rt/chan.h>
#include <rt/debug.h>
#include <rt/go.h>
#include <rt/select.h>
#include <rt/sync.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>

namespace {
using namespace std::chrono_literals;

#define FRAME [[gnu::noinline, gnu::optimize("no-optimize-sibling-calls")]] void

rt::chan<int> never(0);
std::mutex held;
std::shared_mutex held_by_reader;
std::condition_variable condition;
std::atomic<bool> over{false};

FRAME receives() { (void)never.recv(); }
FRAME sends(rt::chan<int> full) { full.send(1); }
FRAME selects() { rt::select(rt::recv(never), rt::timeout(24h)); }
FRAME locks() { const std::lock_guard hold(held); }
FRAME writes() { const std::unique_lock hold(held_by_reader); }
FRAME waits_for_condition() {
  std::mutex mu;
  std::unique_lock hold(mu);
  condition.wait(hold, [] { return over.load(); });
}
FRAME sleeps() { std::this_thread::sleep_for(24h); }
FRAME reads_pipe(int fd) {
  char byte;
  (void)!read(fd, &byte, 1);
}
FRAME polls(int fd) {
  pollfd one{fd, POLLIN, 0};
  (void)poll(&one, 1, -1);
}
FRAME reads_line(FILE* from) {
  char line[80];
  (void)!std::fgets(line, sizeof line, from);
}
FRAME joins() {
  std::thread other(sleeps);
  other.join();
}
FRAME deeper(int n) {
  if (n == 0) return receives();
  deeper(n - 1);
}
int compares(const void*, const void*) {
  receives();
  return 0;
}
FRAME in_qsort() {
  int numbers[] = {3, 1, 2};
  qsort(numbers, std::size(numbers), sizeof numbers[0], compares);
}
FRAME in_sort() {
  std::array<int, 40> numbers{};
  std::sort(numbers.begin(), numbers.end(), [](int a, int b) {
    receives();
    return a < b;
  });
}
FRAME in_destructor() {
  struct waits {
    ~waits() { receives(); }
  };
  const waits here;
}
FRAME in_catch() {
  try {
    throw std::runtime_error("caught");
  } catch (const std::runtime_error&) {
    receives();
  }
}
template <class Map>
FRAME in_template(const Map& map) {
  if (map.size() != 1) return;
  receives();
}
FRAME once() {
  static std::once_flag flag;
  std::call_once(flag, receives);
}
FRAME named() {
  pthread_setname_np(pthread_self(), "a \"name\"");
  receives();
}
FRAME labelled() {
  const rt::debug::label_scope outer("stage", "one"), number("request", "17"), inner("stage", "two");
  std::thread heir(receives);
  heir.join();
}
FRAME has_a_thread() {
  const rt::os_thread_lock mine;
  receives();
}
FRAME spins() {
  for (;;) asm volatile("");  // one line and no inline frame, whenever one looks
}

}  // namespace

int main() {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  std::FILE* stream = fdopen(dup(ends[0]), "r");
  held.lock();
  held_by_reader.lock_shared();
  rt::chan<int> full(1);
  full.send(0);
  for (void (*each)() : {receives, selects, locks, writes, waits_for_condition, sleeps, joins, in_qsort,
                         in_sort, in_destructor, in_catch, once, named, labelled, has_a_thread, spins}) {
    rt::go(each);
  }
  rt::go([full] { sends(full); });
  rt::go([fd = ends[0]] { reads_pipe(fd); });
  rt::go([fd = ends[0]] { polls(fd); });
  rt::go([stream] { reads_line(stream); });
  rt::go([] { deeper(30); });
  rt::go([] { deeper(150); });
  static const std::map<std::string, int> one{{"one", 1}};
  rt::go([] { in_template(one); });
  std::thread(in_sort).detach();
  std::this_thread::sleep_for(50ms);
  std::puts("ready");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  std::_Exit(0);
}
