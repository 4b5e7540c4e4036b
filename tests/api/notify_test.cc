// <rt/signal.h>: channels that are told of signals.
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS  // they are ours here
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <pthread.h>
#include <rt/go.h>
#include <rt/select.h>
#include <rt/signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <stdexcept>
#include <thread>

namespace {

using namespace std::chrono_literals;

// How a child of ours ends that runs f: its wait status.
template <class F>
int status_of(F f) {
  const pid_t child = fork();
  if (child == 0) {
    f();
    _exit(0);
  }
  int status = -1;
  while (waitpid(child, &status, 0) < 0) continue;
  return status;
}

bool ended_by(int status, int signal) { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }
bool ended_well(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

struct sigaction action_of(int signal, void (*handler)(int)) {
  struct sigaction wanted {
  }, old{};
  wanted.sa_handler = handler;
  sigaction(signal, &wanted, &old);
  return old;
}

std::atomic<int> handled{0};
void count(int) { handled++; }

class blocked {
 public:
  explicit blocked(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, &before_);
  }
  ~blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  blocked(const blocked&) = delete;

 private:
  sigset_t before_;
};

bool is_pending(int signal) {
  sigset_t set;
  sigpending(&set);
  return sigismember(&set, signal) == 1;
}

}  // namespace

TEST_CASE("raise, kill, pthread_kill and another process's kill come to the channel") {
  const rt::chan<int> c = rt::notify({SIGTERM, SIGUSR1});
  raise(SIGTERM);
  CHECK(c.recv() == SIGTERM);
  kill(getpid(), SIGUSR1);
  CHECK(c.recv() == SIGUSR1);
  pthread_kill(pthread_self(), SIGTERM);
  CHECK(c.recv() == SIGTERM);
  const pid_t parent = getpid();
  CHECK(ended_well(status_of([parent] { kill(parent, SIGUSR1); })));
  CHECK(c.recv() == SIGUSR1);
  CHECK(c.len() == 0);
}

TEST_CASE("a signal wakes who waits in a select") {
  const rt::chan<int> c = rt::notify({SIGUSR1}), other(0);
  std::thread sender([] {
    std::this_thread::sleep_for(2ms);
    kill(getpid(), SIGUSR1);
  });
  int got = 0;
  CHECK(rt::select(rt::recv(other), rt::recv(c, [&](std::optional<int> s) { got = s.value_or(0); })) == 1);
  CHECK(got == SIGUSR1);
  sender.join();
}

TEST_CASE("every channel gets it; what finds one full is lost there alone") {
  const rt::chan<int> a = rt::notify({SIGUSR1}), b = rt::notify({SIGUSR2, SIGUSR1, SIGUSR1});
  CHECK(a.cap() == 16);
  for (int i = 0; i < 20; i++) {
    raise(SIGUSR1);
    CHECK(b.recv() == SIGUSR1);
  }
  CHECK(a.len() == 16);
  CHECK(b.len() == 0);
  raise(SIGUSR2);
  CHECK(b.recv() == SIGUSR2);
}

TEST_CASE("what cannot be had") {
  for (const int signal : {SIGKILL, SIGSTOP, SIGURG, 0, -1, 32, 33, 65, 1000}) {
    CHECK_THROWS_AS((void)rt::notify({SIGUSR1, signal}), std::invalid_argument);
  }
  CHECK_THROWS_AS((void)rt::notify({}), std::invalid_argument);
  CHECK(ended_by(status_of([] { raise(SIGUSR1); }), SIGUSR1));  // nothing is left of them
}

TEST_CASE("after close, or the last handle, the default action is back") {
  for (const int signal : {SIGTERM, SIGINT, SIGRTMIN, SIGALRM}) {
    CHECK(ended_by(status_of([=] {
                     const rt::chan<int> c = rt::notify({signal});
                     raise(signal);
                     if (c.recv() != signal) _exit(1);
                     c.close();
                     raise(signal);
                   }),
                   signal));
    CHECK(ended_by(status_of([=] {
                     { const rt::chan<int> c = rt::notify({signal}); }
                     raise(signal);
                   }),
                   signal));
    CHECK(ended_well(status_of([=] {
      const rt::chan<int> a = rt::notify({signal}), b = rt::notify({signal});
      a.close();
      raise(signal);
      if (a.recv().has_value() || b.recv() != signal) _exit(1);
    })));
  }
}

TEST_CASE("ignored signals come to the channel, and are ignored again afterwards") {
  CHECK(ended_well(status_of([] {
    action_of(SIGTERM, SIG_IGN);
    const rt::chan<int> c = rt::notify({SIGTERM, SIGWINCH});
    kill(getpid(), SIGTERM);
    if (c.recv() != SIGTERM) _exit(1);
    raise(SIGWINCH);
    if (c.recv() != SIGWINCH) _exit(2);
    if (action_of(SIGTERM, SIG_IGN).sa_handler != SIG_IGN) _exit(3);
    c.close();
    kill(getpid(), SIGTERM);
  })));
}

TEST_CASE("a handler is called all the same, after the channel was told") {
  handled = 0;
  const struct sigaction before = action_of(SIGUSR1, count);
  const rt::chan<int> c = rt::notify({SIGUSR1});
  raise(SIGUSR1);
  CHECK(handled == 1);
  CHECK(c.recv() == SIGUSR1);
  c.close();
  raise(SIGUSR1);
  CHECK(handled == 2);
  sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE("what all block comes to the channel; it waits for a handler, or for nothing") {
  const rt::chan<int> c = rt::notify({SIGUSR1});
  {
    const blocked here(SIGUSR1);
    kill(getpid(), SIGUSR1);
    CHECK(c.recv() == SIGUSR1);
    CHECK(!is_pending(SIGUSR1));
    handled = 0;
    action_of(SIGUSR1, count);
    raise(SIGUSR1);
    CHECK(c.recv() == SIGUSR1);
    CHECK(is_pending(SIGUSR1));
    CHECK(handled == 0);
  }
  CHECK(handled == 1);
  CHECK(c.len() == 0);
  action_of(SIGUSR1, SIG_DFL);
}

TEST_CASE("what waited before the notification is told of when it is unblocked") {
  CHECK(ended_well(status_of([] {
    rt::chan<int> c;
    {
      const blocked here(SIGUSR1);
      raise(SIGUSR1);
      c = rt::notify({SIGUSR1});
    }
    if (c.recv() != SIGUSR1) _exit(1);
  })));
}

TEST_CASE("sigwait takes it too") {
  const rt::chan<int> c = rt::notify({SIGUSR1});
  const blocked here(SIGUSR1);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  std::thread sender([] {
    std::this_thread::sleep_for(2ms);
    kill(getpid(), SIGUSR1);
  });
  int got = 0;
  CHECK(sigwait(&set, &got) == 0);
  CHECK(got == SIGUSR1);
  CHECK(c.recv() == SIGUSR1);
  sender.join();
}

TEST_CASE("a fault's signal, if somebody sends it") {
  for (const int signal : {SIGSEGV, SIGFPE, SIGBUS}) {
    CHECK(ended_well(status_of([=] {
      const rt::chan<int> c = rt::notify({signal});
      raise(signal);
      if (c.recv() != signal) _exit(1);
      const pid_t parent = getpid();
      if (!ended_well(status_of([=] { kill(parent, signal); }))) _exit(2);
      if (c.recv() != signal) _exit(3);
    })));
    CHECK(ended_by(status_of([=] {
                     const rt::chan<int> c = rt::notify({signal});
                     c.close();
                     raise(signal);
                   }),
                   signal));
  }
}

TEST_CASE("a child of fork keeps them") {
  const rt::chan<int> c = rt::notify({SIGUSR1});
  CHECK(ended_well(status_of([&] {
    kill(getpid(), SIGUSR1);
    if (c.recv() != SIGUSR1) _exit(1);
  })));
  CHECK(c.len() == 0);
}

TEST_CASE("signals without end, notifications made and closed meanwhile") {
  const rt::chan<int> always = rt::notify({SIGUSR1, SIGUSR2});
  std::atomic<bool> ending{false};
  std::thread sender([&] {
    while (!ending) {
      kill(getpid(), SIGUSR1);
      pthread_kill(pthread_self(), SIGUSR2);
      rt::yield();
    }
  });
  std::thread drain([&] {
    for (const int signal : always) CHECK((signal == SIGUSR1 || signal == SIGUSR2));
  });
  constexpr int goroutines = 8, rounds = 100;
  std::latch done(goroutines);
  for (int i = 0; i < goroutines; i++) {
    rt::go([&, i] {
      for (int round = 0; round < rounds; round++) {
        const rt::chan<int> c = rt::notify({i % 2 == 0 ? SIGUSR1 : SIGUSR2});
        CHECK(c.recv() == (i % 2 == 0 ? SIGUSR1 : SIGUSR2));
        if (round % 2 == 0) c.close();
      }
      done.count_down();
    });
  }
  done.wait();
  ending = true;
  sender.join();
  always.close();
  drain.join();
}
