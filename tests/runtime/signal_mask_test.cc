// Signal masks of ordinary programs whose threads run on many Ms: what main blocks before it makes them,
// kill() delivers to nobody but sigwait.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include "tests/runtime/busy_threads.h"
#include "tests/std/signal_scopes.h"

namespace {

int pending_terms() {
  sigset_t now;
  sigpending(&now);
  return sigismember(&now, SIGTERM);
}

constexpr int threads = 8, rounds = 100;
std::atomic<int> terms{0};
void count_term(int) { terms++; }

}  // namespace

TEST_CASE("blocked before the threads are made: one of them waits and gets each") {
  const blocked term(SIGTERM);
  std::atomic<int> got{0};
  {
    const busy_threads busy(threads);
    busy.wait_for_kernel_threads(3);  // a quick machine is done before the scheduler has made them
    std::thread waiter([&] {
      while (got < rounds) {
        int signal = 0;
        if (sigwait(&term.set, &signal) == 0 && signal == SIGTERM) got++;
      }
    });
    for (int i = 0; i < rounds; i++) {
      REQUIRE(kill(getpid(), SIGTERM) == 0);
      while (got <= i) std::this_thread::yield();
    }
    waiter.join();
    MESSAGE(busy.kernel_threads() << " kernel threads ran the busy ones");
    CHECK(busy.kernel_threads() > 2);
  }
  CHECK(got == rounds);
}

TEST_CASE("blocked after the threads were made: one of them takes it, wherever they run") {
  static std::atomic<pthread_t> taker{};
  struct sigaction own {
  }, before{};
  own.sa_handler = [](int signal) {
    taker = pthread_self();
    count_term(signal);
  };
  terms = 0;
  REQUIRE(sigaction(SIGTERM, &own, &before) == 0);
  {
    const busy_threads busy(threads);
    busy.wait_for_kernel_threads(threads / 2);
    const blocked term(SIGTERM);
    for (int i = 1; i <= rounds; i++) {
      REQUIRE(kill(getpid(), SIGTERM) == 0);
      while (terms < i) std::this_thread::yield();
      CHECK_FALSE(pthread_equal(taker, pthread_self()));
    }
  }
  CHECK(terms == rounds);
  REQUIRE(sigaction(SIGTERM, &before, nullptr) == 0);
}

TEST_CASE("what is pending is delivered when its block ends") {
  struct sigaction own {
  }, before{};
  own.sa_handler = count_term;
  terms = 0;
  REQUIRE(sigaction(SIGTERM, &own, &before) == 0);
  {
    const blocked term(SIGTERM);
    const busy_threads busy(threads);
    busy.wait_for_kernel_threads(2);
    for (int i = 0; i < rounds; i++) {
      REQUIRE(kill(getpid(), SIGTERM) == 0);
      CHECK(terms == i);
      CHECK(pending_terms() == 1);
      REQUIRE(pthread_sigmask(SIG_UNBLOCK, &term.set, nullptr) == 0);
      CHECK(terms == i + 1);
      REQUIRE(pthread_sigmask(SIG_BLOCK, &term.set, nullptr) == 0);
    }
  }
  REQUIRE(sigaction(SIGTERM, &before, nullptr) == 0);
}

TEST_CASE("sigtimedwait that nobody signals ends in time, however often the runtime interrupts it") {
  const blocked term(SIGTERM);
  const busy_threads busy(threads);
  const auto start = std::chrono::steady_clock::now();
  const timespec at_most{0, 200'000'000};
  std::atomic<bool> done{false};
  // The first block of each signal asks all Ms by a signal: sooner than the wait is over.
  std::thread asker([&] {
    for (int signal = SIGRTMIN; !done; signal += signal < SIGRTMAX ? 1 : 0) {
      const blocked other(signal);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  errno = 0;
  CHECK(sigtimedwait(&term.set, nullptr, &at_most) == -1);
  CHECK(errno == EAGAIN);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  done = true;
  asker.join();
  CHECK(took.count() >= 0.2);
  CHECK(took.count() < 5);
}

TEST_CASE("a thread begins with its maker's mask; by whichever name it is changed or read") {
  const blocked term(SIGTERM);
  std::thread([] {
    sigset_t now;
    CHECK(pthread_sigmask(SIG_BLOCK, nullptr, &now) == 0);
    CHECK(sigismember(&now, SIGTERM) == 1);
  }).join();

  constexpr unsigned long usr2 = 1UL << (SIGUSR2 - 1), sigterm = 1UL << (SIGTERM - 1);
  constexpr unsigned long urg = 1UL << (SIGURG - 1), all = ~0UL;
  struct {
    unsigned long word, guard;
  } old{0, 42};
  CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &usr2, &old, 8) == 0);
  CHECK(old.word == sigterm);
  CHECK(old.guard == 42);
  sigset_t now;
  REQUIRE(sigprocmask(SIG_BLOCK, nullptr, &now) == 0);
  CHECK(sigismember(&now, SIGUSR2) == 1);
  CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, nullptr, 8) == 0);
  CHECK(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &sigterm, &old, 8) == 0);
  CHECK((old.word & (urg | 1UL << (SIGKILL - 1) | 1UL << (SIGSTOP - 1))) == 0);
  CHECK((old.word & usr2) != 0);
  errno = 0;
  CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &usr2, nullptr, sizeof(sigset_t)) == -1);
  CHECK(errno == EINVAL);
  CHECK(syscall(SYS_rt_sigprocmask, 3, &usr2, nullptr, 8) == -1);
  CHECK(syscall(SYS_rt_sigprocmask, 3, nullptr, &old, 8) == 0);
}

TEST_CASE("a handler's own change lasts until it returns") {
  struct sigaction own {
  }, before{};
  own.sa_flags = SA_ONSTACK;
  own.sa_handler = [](int) {
    sigset_t now;
    const sigset_t usr2 = only(SIGUSR2);
    CHECK(pthread_sigmask(SIG_BLOCK, &usr2, &now) == 0);
    CHECK(sigismember(&now, SIGUSR1) == 1);
    CHECK(pthread_sigmask(SIG_BLOCK, nullptr, &now) == 0);
    CHECK(sigismember(&now, SIGUSR2) == 1);
  };
  REQUIRE(sigaction(SIGUSR1, &own, &before) == 0);
  REQUIRE(raise(SIGUSR1) == 0);
  sigset_t now;
  REQUIRE(pthread_sigmask(SIG_BLOCK, nullptr, &now) == 0);
  CHECK(sigismember(&now, SIGUSR1) == 0);
  CHECK(sigismember(&now, SIGUSR2) == 0);
  REQUIRE(sigaction(SIGUSR1, &before, nullptr) == 0);
}

TEST_CASE("syscall() finds the signal stack that sigaltstack set, not the M's") {
  static char buffer[32768];
  stack_t was{};
  REQUIRE(sigaltstack(nullptr, &was) == 0);
  stack_t mine{}, now{};
  mine.ss_sp = buffer;
  mine.ss_size = sizeof buffer;
  REQUIRE(syscall(SYS_sigaltstack, &mine, nullptr) == 0);
  REQUIRE(syscall(SYS_sigaltstack, nullptr, &now) == 0);
  CHECK(now.ss_sp == buffer);
  mine.ss_size = 1;
  errno = 0;
  CHECK(syscall(SYS_sigaltstack, &mine, nullptr) == -1);
  CHECK(errno == ENOMEM);
  REQUIRE(sigaltstack(&was, nullptr) == 0);
}

TEST_CASE("a handler is on its thread's stack, or on the one that it asks for") {
  static char buffer[65536];
  static std::atomic<char*> handler_sp{nullptr};
  const auto on_buffer = [] { return handler_sp >= buffer && handler_sp < buffer + sizeof buffer; };
  struct sigaction own {
  }, before{}, now{};
  own.sa_flags = SA_RESTART;
  own.sa_handler = [](int) {
    stack_t here{};
    CHECK(sigaltstack(nullptr, &here) == 0);
    handler_sp = static_cast<char*>(__builtin_frame_address(0));
    const bool inside = handler_sp >= buffer && handler_sp < buffer + sizeof buffer;
    CHECK((here.ss_flags & SS_ONSTACK) == (inside ? SS_ONSTACK : 0));
    const stack_t none{nullptr, SS_DISABLE, 0};
    if (inside) CHECK((sigaltstack(&none, nullptr) == -1 && errno == EPERM));
  };
  stack_t was{};
  const stack_t mine{buffer, 0, sizeof buffer};
  REQUIRE(sigaltstack(&mine, &was) == 0);
  REQUIRE(sigaction(SIGUSR1, &own, &before) == 0);
  REQUIRE(raise(SIGUSR1) == 0);
  CHECK_FALSE(on_buffer());
  REQUIRE(sigaction(SIGUSR1, nullptr, &now) == 0);
  CHECK((now.sa_flags & (SA_RESTART | SA_ONSTACK)) == SA_RESTART);
  own.sa_flags |= SA_ONSTACK;
  REQUIRE(sigaction(SIGUSR1, &own, &now) == 0);
  CHECK((now.sa_flags & SA_ONSTACK) == 0);
  REQUIRE(raise(SIGUSR1) == 0);
  CHECK(on_buffer());
  REQUIRE(sigaction(SIGUSR1, &before, &now) == 0);
  CHECK((now.sa_flags & SA_ONSTACK) != 0);
  REQUIRE(sigaltstack(&was, nullptr) == 0);
}
