// workshop: what attach_test.py debugs. Commands come as lines on stdin; it says what it does, and "ready".
//
//   hits COUNT GOROUTINES   they call hot() COUNT times together, then it says how many calls there were
//   walk                    a goroutine that a stepper can follow: it waits at each of its lines for others
//   fork                    a child of a fork calls hot(), and /bin/true is spawned; both statuses
//   forks COUNT             so many children call hot() while other goroutines do; how many did it right
//   exec                    it becomes /bin/true
//   fault, abort            it writes to nullptr; it aborts
#include <rt/chan.h>
#include <rt/go.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::atomic<long> calls{0};

[[gnu::noinline]] long hot(long n) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return n * 3 + 1;
}

void hits(long count, int goroutines) {
  std::atomic<long> left{count}, sum{0};
  std::vector<std::thread> all;
  for (int i = 0; i < goroutines; i++) {
    all.emplace_back([&] {
      for (long n; (n = left.fetch_sub(1)) > 0;) {
        sum += hot(n);
        if (n % 7 == 0) rt::yield();
      }
    });
  }
  for (std::thread& t : all) t.join();
  std::printf("hot was called %ld times: %ld\n", calls.exchange(0), sum.load());
}

// --- a walk that moves between Ms: each wait gives the M away, and others keep all of them busy

rt::chan<int> there, back;
std::atomic<bool> over{false};

[[gnu::noinline]] int ask(int n) {
  there.send(n);
  return *back.recv();
}

[[gnu::noinline]] int deeper(int n) {
  int sum = n;
  if (n > 0) sum += deeper(n - 1);
  return sum;
}

[[gnu::noinline]] void thrower(int n) {
  if (n > 2) throw std::runtime_error("too much");
}

[[gnu::noinline]] int walk(int n) {
  int a = ask(n);     // walk:1
  int b = ask(a);     // walk:2
  int c = deeper(b);  // walk:3
  try {               //
    thrower(c);       // walk:4
    c = -1;           // walk:never
  } catch (const std::runtime_error& e) {
    c += static_cast<int>(std::strlen(e.what()));  // walk:5
  }
  return a + b + c;  // walk:6
}

void walks() {
  std::vector<std::thread> all;
  there = rt::chan<int>(0);
  back = rt::chan<int>(0);
  over = false;
  all.emplace_back([] {
    while (const auto n = there.recv()) {
      std::this_thread::yield();
      back.send(*n + 1);
    }
  });
  for (int i = 0; i < 4; i++) {
    all.emplace_back([] {
      while (!over) {
        deeper(3);
        rt::yield();
      }
    });
  }
  std::printf("walk is %d\n", walk(1));
  over = true;
  there.close();
  for (std::thread& t : all) t.join();
}

void forks() {
  int forked = 0, spawned = 0;
  const pid_t child = fork();
  if (child == 0) _exit(static_cast<int>(hot(2)));
  waitpid(child, &forked, 0);
  char name[] = "/bin/true";
  char* const arguments[] = {name, nullptr};
  pid_t other = 0;
  if (posix_spawn(&other, name, nullptr, nullptr, arguments, environ) != 0) std::abort();
  waitpid(other, &spawned, 0);
  hot(0);
  std::printf("the children ended with %x and %x\n", forked, spawned);
}

void many_forks(int count) {
  std::atomic<bool> done{false};
  std::vector<std::thread> all;
  for (int i = 0; i < 3; i++) {
    all.emplace_back([&] {
      while (!done) hot(1);
    });
  }
  int right = 0;
  for (int i = 0; i < count; i++) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) _exit(static_cast<int>(hot(2)));
    hot(1);
    if (waitpid(child, &status, 0) == child && status == 7 << 8) right++;
  }
  done = true;
  for (std::thread& t : all) t.join();
  std::printf("%d children were right\n", right);
}

[[gnu::noinline]] void faults(int* nowhere) {
  *nowhere = 1;  // faults:1
  std::puts("went on");
}

}  // namespace

int main() {
  rt::chan<int> never(0);
  std::thread waiter([never] { never.recv(); });
  std::puts("ready");
  std::fflush(stdout);
  char line[128];
  while (std::fgets(line, sizeof(line), stdin) != nullptr) {
    long count = 0;
    int goroutines = 0;
    if (std::sscanf(line, "hits %ld %d", &count, &goroutines) == 2) hits(count, goroutines);
    if (std::strcmp(line, "walk\n") == 0) walks();
    if (std::strcmp(line, "fork\n") == 0) forks();
    if (std::sscanf(line, "forks %ld", &count) == 1) many_forks(static_cast<int>(count));
    if (std::strcmp(line, "exec\n") == 0) execl("/bin/true", "true", nullptr);
    if (std::strcmp(line, "fault\n") == 0) faults(reinterpret_cast<int*>(calls.load()));
    if (std::strcmp(line, "abort\n") == 0) std::abort();
    std::fflush(stdout);
  }
  never.close();
  waiter.join();
  return 0;
}
