// Signals of one thread: masks, raise, pthread_kill to a thread that runs, sleeps, or waits.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "signal_scopes.h"

namespace {

std::atomic<int> handled{0};
std::atomic<pthread_t> handled_on{};

void count(int) {
  handled_on = pthread_self();
  handled++;
}

// A handler while it lives.
class handler {
 public:
  handler(int signal, void (*fn)(int), int flags = 0) : signal_(signal) {
    struct sigaction own {};
    own.sa_handler = fn;
    own.sa_flags = flags;
    REQUIRE(sigaction(signal, &own, &before_) == 0);
    handled = 0;
  }
  ~handler() { REQUIRE(sigaction(signal_, &before_, nullptr) == 0); }

 private:
  int signal_;
  struct sigaction before_ {};
};

bool is_blocked(int signal) {
  sigset_t now;
  REQUIRE(pthread_sigmask(SIG_BLOCK, nullptr, &now) == 0);
  return sigismember(&now, signal) == 1;
}

bool is_pending(int signal) {
  sigset_t now;
  REQUIRE(sigpending(&now) == 0);
  return sigismember(&now, signal) == 1;
}

// Kills a thread that is about to make `wait`, until it has returned. What comes before the call is not its
// interruption, so it is asked again; the answer is what the last call said.
template <class Wait>
void interrupts(Wait wait) {
  std::atomic<bool> done{false};
  std::thread sleeper([&] {
    wait();
    done = true;
  });
  while (!done) {
    REQUIRE(pthread_kill(sleeper.native_handle(), SIGUSR1) == 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  sleeper.join();
}

}  // namespace

TEST_CASE("raise: the handler has run, here, when it returns, with the signal blocked") {
  const handler usr1(SIGUSR1, [](int signal) {
    count(signal);
    CHECK(signal == SIGUSR1);
    CHECK(is_blocked(SIGUSR1));
    errno = 42;
  });
  CHECK(raise(SIGUSR1) == 0);
  CHECK(handled == 1);
  CHECK(pthread_equal(handled_on, pthread_self()));
  CHECK_FALSE(is_blocked(SIGUSR1));
  CHECK(pthread_kill(pthread_self(), SIGUSR1) == 0);
  CHECK(kill(getpid(), SIGUSR1) == 0);
  CHECK(handled == 3);
}

TEST_CASE("a mask is the thread's, and its child's") {
  const blocked usr1(SIGUSR1);
  CHECK(is_blocked(SIGUSR1));
  std::thread([] {
    CHECK(is_blocked(SIGUSR1));
    const blocked usr2(SIGUSR2);
    const sigset_t set = only(SIGUSR1);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, nullptr) == 0);
    CHECK_FALSE(is_blocked(SIGUSR1));
  }).join();
  CHECK(is_blocked(SIGUSR1));
  CHECK_FALSE(is_blocked(SIGUSR2));
}

TEST_CASE("blocked, it waits: once, and for its thread alone") {
  const handler usr1(SIGUSR1, count);
  {
    const blocked own(SIGUSR1);
    for (int i = 0; i < 3; i++) REQUIRE(raise(SIGUSR1) == 0);
    CHECK(is_pending(SIGUSR1));
    std::thread([] {
      CHECK_FALSE(is_pending(SIGUSR1));
      const sigset_t set = only(SIGUSR1);
      CHECK(pthread_sigmask(SIG_UNBLOCK, &set, nullptr) == 0);
    }).join();
    CHECK(handled == 0);
  }
  CHECK(handled == 1);
  CHECK_FALSE(is_pending(SIGUSR1));
}

TEST_CASE("real-time signals wait as often as they were sent, in their order") {
  static std::vector<int> values;
  struct sigaction own {
  }, before{};
  own.sa_flags = SA_SIGINFO;
  own.sa_sigaction = [](int, siginfo_t* info, void*) { values.push_back(info->si_value.sival_int); };
  const int low = SIGRTMIN + 1, high = SIGRTMIN + 2;
  REQUIRE(sigaction(low, &own, &before) == 0);
  REQUIRE(sigaction(high, &own, nullptr) == 0);
  values.clear();
  values.reserve(16);
  sigset_t both = only(low), was;
  sigaddset(&both, high);
  REQUIRE(pthread_sigmask(SIG_BLOCK, &both, &was) == 0);
  for (int i = 0; i < 3; i++) {
    sigval value{};
    value.sival_int = 100 + i;
    REQUIRE(pthread_sigqueue(pthread_self(), high, value) == 0);
    value.sival_int = i;
    REQUIRE(pthread_sigqueue(pthread_self(), low, value) == 0);
  }
  CHECK(values.empty());
  REQUIRE(pthread_sigmask(SIG_SETMASK, &was, nullptr) == 0);
  CHECK((values == std::vector<int>{100, 101, 102, 0, 1, 2}));
  REQUIRE(sigaction(low, &before, nullptr) == 0);
  REQUIRE(sigaction(high, &before, nullptr) == 0);
}

TEST_CASE("pthread_kill: 0 probes, nonsense is refused, an ended thread is nobody") {
  CHECK(pthread_kill(pthread_self(), 0) == 0);
  CHECK(pthread_kill(pthread_self(), 65) == EINVAL);
  CHECK(pthread_kill(pthread_self(), -1) == EINVAL);
}

TEST_CASE("a handler runs on the thread that was meant, wherever that is") {
  const handler usr1(SIGUSR1, count);
  std::mutex mutex;
  std::condition_variable condition;
  bool go = false;
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  std::unique_lock held(mutex);
  std::atomic<bool> stop{false};
  std::atomic<unsigned> spins{0};
  std::thread runs([&] {
    while (!stop) spins++;
  });
  std::thread locks([&] { const std::lock_guard hold(mutex); });
  std::thread waits([&] {
    while (sem_wait(&semaphore) != 0) CHECK(errno == EINTR);
  });
  std::mutex other;
  std::thread listens([&] {
    std::unique_lock hold(other);
    condition.wait(hold, [&] { return go; });
  });
  std::thread joins([&] { runs.join(); });
  int expected = 0;
  for (int round = 0; round < 50; round++) {
    for (std::thread* t : {&locks, &waits, &listens, &joins}) {
      const pthread_t id = t->native_handle();
      REQUIRE(pthread_kill(id, SIGUSR1) == 0);
      expected++;
      while (handled != expected) std::this_thread::yield();
      CHECK(pthread_equal(handled_on, id));
    }
  }
  held.unlock();
  sem_post(&semaphore);
  {
    const std::lock_guard hold(other);
    go = true;
  }
  condition.notify_one();
  stop = true;
  for (std::thread* t : {&locks, &waits, &listens, &joins}) t->join();
}

TEST_CASE("a thread that only computes is interrupted, and computes right") {
  const handler usr1(SIGUSR1, count);
  std::atomic<bool> started{false}, stop{false};
  double sum = 0;
  std::thread runs([&] {
    started = true;
    double s = 0;
    for (long i = 0; i < 1'000'000 || !stop.load(std::memory_order_relaxed); i++) {
      if (i < 1'000'000) s += static_cast<double>(i) * 0.5;
    }
    sum = s;
  });
  while (!started) std::this_thread::yield();
  for (int i = 1; i <= 200; i++) {
    REQUIRE(pthread_kill(runs.native_handle(), SIGUSR1) == 0);
    while (handled < i) std::this_thread::yield();
  }
  stop = true;
  runs.join();
  CHECK(handled == 200);
  CHECK(sum == 0.5 * 999'999 * 500'000);
}

TEST_CASE("EINTR: sleep, poll, select, read, sem_wait, pause") {
  const handler usr1(SIGUSR1, count);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  const auto is_eintr = [](long result) {
    CHECK(result == -1);
    CHECK(errno == EINTR);
  };
  interrupts([&] {
    timespec rest{}, hour{3600, 0};
    is_eintr(nanosleep(&hour, &rest));
    CHECK(rest.tv_sec >= 3500);
  });
  interrupts([&] {
    pollfd one{ends[0], POLLIN, 0};
    is_eintr(poll(&one, 1, -1));
  });
  interrupts([&] {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    is_eintr(select(ends[0] + 1, &set, nullptr, nullptr, nullptr));
  });
  interrupts([&] {
    char byte;
    is_eintr(read(ends[0], &byte, 1));
  });
  interrupts([&] { is_eintr(sem_wait(&semaphore)); });
  interrupts([&] { is_eintr(pause()); });
  interrupts([&] { CHECK(sleep(3600) >= 3500); });
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("SA_RESTART: read and sem_wait go on, poll and pause do not") {
  const handler usr1(SIGUSR1, count, SA_RESTART);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  interrupts([&] {
    CHECK(poll(nullptr, 0, -1) == -1);
    CHECK(errno == EINTR);
  });
  interrupts([&] {
    CHECK(pause() == -1);
    CHECK(errno == EINTR);
  });
  std::atomic<int> got{0};
  std::thread reader([&] {
    char byte;
    CHECK(read(ends[0], &byte, 1) == 1);
    got++;
  });
  handled = 0;
  for (int i = 1; i <= 20; i++) {
    REQUIRE(pthread_kill(reader.native_handle(), SIGUSR1) == 0);
    while (handled < i) std::this_thread::yield();
  }
  CHECK(got == 0);
  REQUIRE(write(ends[1], "x", 1) == 1);
  reader.join();
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  std::thread waiter([&] { CHECK(sem_wait(&semaphore) == 0); });
  for (int i = 21; i <= 40; i++) {
    REQUIRE(pthread_kill(waiter.native_handle(), SIGUSR1) == 0);
    while (handled < i) std::this_thread::yield();
  }
  sem_post(&semaphore);
  waiter.join();
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("a handler may post, write, and leave by siglongjmp") {
  static sem_t semaphore;
  static sigjmp_buf there;
  static int ends[2];
  sem_init(&semaphore, 0, 0);
  REQUIRE(pipe(ends) == 0);
  {
    const handler posts(SIGUSR1, [](int) { sem_post(&semaphore); });
    std::thread waiter([] {
      while (sem_wait(&semaphore) != 0) {
      }
    });
    raise(SIGUSR1);
    waiter.join();
  }
  {
    const handler writes(SIGUSR1, [](int) { CHECK(write(ends[1], "y", 1) == 1); });
    raise(SIGUSR1);
    char byte = 0;
    CHECK(read(ends[0], &byte, 1) == 1);
    CHECK(byte == 'y');
  }
  const handler jumps(SIGUSR1, [](int) { siglongjmp(there, 7); });
  for (int i = 0; i < 100; i++) {
    const int jumped = sigsetjmp(there, 1);
    if (jumped == 0) {
      raise(SIGUSR1);
      FAIL("it came back");
    }
    CHECK(jumped == 7);
    CHECK_FALSE(is_blocked(SIGUSR1));
  }
}

TEST_CASE("siglongjmp out of a handler that interrupted a wait leaves nothing behind") {
  static thread_local sigjmp_buf there;
  const handler jumps(SIGUSR1, [](int) { siglongjmp(there, 1); });
  static int ends[2];
  REQUIRE(pipe(ends) == 0);
  static sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  for (int round = 0; round < 20; round++) {
    for (void (*wait)() :
         std::initializer_list<void (*)()>{[] { sleep(3600); },
                                           [] {
                                             char byte;
                                             (void)!read(ends[0], &byte, 1);
                                           },
                                           [] { sem_wait(&semaphore); }, [] { pause(); },
                                           [] { select(0, nullptr, nullptr, nullptr, nullptr); }}) {
      std::atomic<bool> ready{false}, out{false};
      std::thread t([&] {
        if (sigsetjmp(there, 1) == 0) {
          ready = true;
          wait();
        }
        out = true;
        const blocked none(SIGUSR1);
        timespec moment{0, 1000};
        nanosleep(&moment, nullptr);
      });
      while (!ready) std::this_thread::yield();
      REQUIRE(pthread_kill(t.native_handle(), SIGUSR1) == 0);
      t.join();
      CHECK(out);
    }
  }
  sem_post(&semaphore);
  CHECK(sem_wait(&semaphore) == 0);
}

TEST_CASE("sa_mask, SA_NODEFER, SA_RESETHAND, what sigaction reads back") {
  static std::atomic<int> depth{0}, deepest{0};
  struct sigaction own {
  }, before{}, now{};
  own.sa_handler = [](int) {
    CHECK(is_blocked(SIGUSR2));
    if (++depth > deepest) deepest = depth.load();
    if (depth < 3) raise(SIGUSR1);
    depth--;
  };
  own.sa_mask = only(SIGUSR2);
  own.sa_flags = SA_NODEFER;
  REQUIRE(sigaction(SIGUSR1, &own, &before) == 0);
  raise(SIGUSR1);
  CHECK(deepest == 3);
  CHECK_FALSE(is_blocked(SIGUSR2));
  own.sa_flags = static_cast<int>(SA_RESETHAND);
  own.sa_handler = count;
  REQUIRE(sigaction(SIGUSR1, &own, &now) == 0);
  CHECK((now.sa_flags & SA_NODEFER) != 0);
  CHECK(sigismember(&now.sa_mask, SIGUSR2) == 1);
  raise(SIGUSR1);
  REQUIRE(sigaction(SIGUSR1, nullptr, &now) == 0);
  CHECK((now.sa_handler == SIG_DFL));
  REQUIRE(sigaction(SIGUSR1, &before, nullptr) == 0);
  CHECK((signal(SIGUSR1, count) == SIG_DFL));
  CHECK((signal(SIGUSR1, SIG_IGN) == count));
  CHECK(raise(SIGUSR1) == 0);
  CHECK((signal(SIGUSR1, SIG_DFL) == SIG_IGN));
}

TEST_CASE("SIG_IGN forgets what is pending") {
  const handler usr1(SIGUSR1, count);
  const blocked own(SIGUSR1);
  raise(SIGUSR1);
  CHECK(is_pending(SIGUSR1));
  CHECK((signal(SIGUSR1, SIG_IGN) == count));
  CHECK_FALSE(is_pending(SIGUSR1));
  CHECK((signal(SIGUSR1, count) == SIG_IGN));
}

TEST_CASE("a handler may change the mask that is restored, and sees who sent it") {
  struct sigaction own {
  }, before{};
  own.sa_flags = SA_SIGINFO;
  own.sa_sigaction = [](int signal, siginfo_t* info, void* context) {
    CHECK(signal == SIGUSR1);
    CHECK(info->si_signo == SIGUSR1);
    CHECK(info->si_code == SI_TKILL);
    CHECK(info->si_pid == getpid());
    auto* uc = static_cast<ucontext_t*>(context);
    CHECK(sigismember(&uc->uc_sigmask, SIGUSR1) == 0);
    sigaddset(&uc->uc_sigmask, SIGUSR2);
    handled++;
  };
  handled = 0;
  REQUIRE(sigaction(SIGUSR1, &own, &before) == 0);
  raise(SIGUSR1);
  CHECK(handled == 1);
  CHECK(is_blocked(SIGUSR2));
  const sigset_t usr2 = only(SIGUSR2);
  REQUIRE(pthread_sigmask(SIG_UNBLOCK, &usr2, nullptr) == 0);
  REQUIRE(sigaction(SIGUSR1, &before, nullptr) == 0);
}
