// timer_create: its signal for the process or for one thread, its function in a thread.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace {

std::atomic<int> handled{0}, value_seen{0};
std::atomic<pthread_t> handled_on{};

void note(int, siginfo_t* info, void*) {
  value_seen = info->si_value.sival_int;
  handled_on = pthread_self();
  CHECK(info->si_code == SI_TIMER);
  handled++;
}

class handler {
 public:
  explicit handler(int signal) : signal_(signal) {
    struct sigaction own {};
    own.sa_sigaction = note;
    own.sa_flags = SA_SIGINFO;
    REQUIRE(sigaction(signal, &own, &before_) == 0);
    handled = 0;
  }
  ~handler() { REQUIRE(sigaction(signal_, &before_, nullptr) == 0); }

 private:
  int signal_;
  struct sigaction before_ {};
};

constexpr itimerspec once{{0, 0}, {0, 5'000'000}}, often{{0, 2'000'000}, {0, 2'000'000}};

}  // namespace

TEST_CASE("SIGEV_SIGNAL: the value comes with the signal, once, until it is set again") {
  const handler usr1(SIGUSR1);
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  event.sigev_value.sival_int = 4711;
  timer_t timer{};
  REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  for (int i = 1; i <= 3; i++) {
    REQUIRE(timer_settime(timer, 0, &once, nullptr) == 0);
    while (handled < i) pause();
    itimerspec now{};
    REQUIRE(timer_gettime(timer, &now) == 0);
    CHECK(now.it_value.tv_nsec == 0);
  }
  CHECK(value_seen == 4711);
  CHECK(timer_getoverrun(timer) == 0);
  CHECK(timer_delete(timer) == 0);
  errno = 0;
  CHECK(timer_delete(timer) == -1);
  CHECK(errno == EINVAL);
}

TEST_CASE("SIGEV_THREAD_ID: the thread that made it is signalled, not main") {
  const handler usr1(SIGUSR1);
  std::thread([] {
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGUSR1;
    event._sigev_un._tid = static_cast<int>(syscall(SYS_gettid));
    timer_t timer{};
    REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    REQUIRE(timer_settime(timer, 0, &often, nullptr) == 0);
    for (int seen = 0; seen < 20; seen = handled) {
      std::this_thread::yield();
      if (handled != 0) CHECK(pthread_equal(handled_on, pthread_self()));
    }
    CHECK(timer_delete(timer) == 0);
  }).join();
}

TEST_CASE("SIGEV_THREAD: the function runs in another thread, as often as it is due") {
  static sem_t called;
  static std::atomic<pthread_t> where{};
  sem_init(&called, 0, 0);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_value.sival_int = 17;
  event.sigev_notify_function = [](sigval value) {
    value_seen = value.sival_int;
    where = pthread_self();
    sem_post(&called);
  };
  timer_t timers[3];
  for (timer_t& t : timers) {
    REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &t) == 0);
    REQUIRE(timer_settime(t, 0, &often, nullptr) == 0);
  }
  for (int i = 0; i < 30; i++) REQUIRE(sem_wait(&called) == 0);
  CHECK(value_seen == 17);
  CHECK_FALSE(pthread_equal(where, pthread_self()));
  for (timer_t t : timers) CHECK(timer_delete(t) == 0);
}
