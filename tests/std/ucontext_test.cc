// <ucontext.h>: a thread changes between stacks of its own.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <ucontext.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t stack_bytes = 64 * 1024;

struct coroutine {
  ucontext_t here, there;
  std::vector<char> stack = std::vector<char>(stack_bytes);

  template <class... Arguments>
  coroutine(void (*function)(Arguments...), Arguments... arguments) {
    getcontext(&there);
    there.uc_stack.ss_sp = stack.data();
    there.uc_stack.ss_size = stack.size();
    there.uc_link = &here;
    makecontext(&there, reinterpret_cast<void (*)()>(function), sizeof...(Arguments), arguments...);
  }
  void resume() { swapcontext(&here, &there); }
  void leave() { swapcontext(&there, &here); }
};

thread_local coroutine* running;
thread_local int value;

void count_to(int n) {
  coroutine* self = running;
  double sum = 0.5;
  for (int i = 1; i <= n; i++) {
    value = i;
    sum += i;
    sched_yield();
    self->leave();
  }
  value = sum == 0.5 + n * (n + 1) / 2 ? -1 : -2;
}

void nine(int a, int b, int c, int d, int e, int f, int g, int h, int i) {
  value = a + 10 * b + 100 * c + 1000 * d + 10'000 * e + 100'000 * f + 1'000'000 * g + 10'000'000 * h +
          100'000'000 * i;
}

void throws() {
  try {
    throw std::runtime_error("inside");
  } catch (const std::runtime_error&) {
    value = 77;
  }
}

bool counts(int n) {
  coroutine c(count_to, n);
  running = &c;
  bool ok = true;
  for (int i = 1; i <= n; i++) {
    c.resume();
    ok = ok && value == i;
  }
  c.resume();
  return ok && value == -1;
}

}  // namespace

TEST_CASE("a coroutine counts, and ends in uc_link") { CHECK(counts(10)); }

TEST_CASE("arguments in registers and on the stack") {
  coroutine c(nine, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  c.resume();
  CHECK(value == 987'654'321);
}

TEST_CASE("exceptions inside") {
  coroutine c(throws);
  c.resume();
  CHECK(value == 77);
}

TEST_CASE("setcontext returns from getcontext again, registers and mask as they were") {
  sigset_t blocked, now;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  volatile int times = 0;
  ucontext_t context;
  REQUIRE(getcontext(&context) == 0);
  times = times + 1;
  sigprocmask(SIG_SETMASK, nullptr, &now);
  CHECK(sigismember(&now, SIGUSR1) == 0);
  if (times < 3) {
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
    setcontext(&context);
  }
  CHECK(times == 3);
}

TEST_CASE("100 threads with coroutines that give way") {
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 100; i++) threads.emplace_back([&right, i] { right += counts(10 + i); });
  for (auto& t : threads) t.join();
  CHECK(right == 100);
}
