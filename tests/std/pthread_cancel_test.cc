// pthread_cancel: where a thread may be cancelled and where not, what runs on its way out, and that neither a
// wait nor a blocking system call keeps it.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

struct note_end {
  std::atomic<int>& ended;
  ~note_end() { ended++; }
};

void* run(void* body) {
  (*static_cast<std::function<void()>*>(body))();
  return nullptr;
}

// Runs body as a thread, cancels it once `ready` says so, and joins it. True: it was cancelled.
bool cancelled(std::function<void()> body, const std::atomic<bool>& ready, int yields = 0) {
  pthread_t t;
  REQUIRE(pthread_create(&t, nullptr, run, &body) == 0);
  while (!ready) std::this_thread::yield();
  for (int i = 0; i < yields; i++) std::this_thread::yield();
  CHECK(pthread_cancel(t) == 0);
  void* result = nullptr;
  REQUIRE(pthread_join(t, &result) == 0);
  return result == PTHREAD_CANCELED;
}

// wait() blocks for ever but for the cancellation, which must run the destructor above it. At once, and a
// while later.
void ends(const char* what, const std::function<void()>& wait) {
  CAPTURE(what);
  for (int yields : {0, 1, 50, 2000}) {
    std::atomic<int> ended{0};
    std::atomic<bool> ready{false};
    CHECK(cancelled(
        [&] {
          note_end note{ended};
          ready = true;
          wait();
          ended = 100;
        },
        ready, yields));
    CHECK(ended == 1);
  }
}

struct descriptors {
  int fd[2];
  ~descriptors() {
    close(fd[0]);
    close(fd[1]);
  }
};

}  // namespace

TEST_CASE("a request is acted on at pthread_testcancel, not before") {
  std::atomic<int> steps{0};
  std::atomic<bool> ready{false}, requested{false};
  std::function<void()> body = [&] {
    ready = true;
    while (!requested) std::this_thread::yield();  // computes, and is no cancellation point
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    steps = 1;
    pthread_testcancel();
    steps = 2;
  };
  pthread_t t;
  REQUIRE(pthread_create(&t, nullptr, run, &body) == 0);
  while (!ready) std::this_thread::yield();
  CHECK(pthread_cancel(t) == 0);
  requested = true;
  void* result = nullptr;
  REQUIRE(pthread_join(t, &result) == 0);
  CHECK(result == PTHREAD_CANCELED);
  CHECK(steps == 1);
}

TEST_CASE("a thread that disables it is cancelled when it enables it again and comes to a point") {
  std::atomic<int> steps{0};
  std::atomic<bool> ready{false};
  CHECK(cancelled(
      [&] {
        int before = -1;
        CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before) == 0);
        CHECK(before == PTHREAD_CANCEL_ENABLE);
        ready = true;
        for (int i = 0; i < 20; i++) usleep(1000);
        pthread_testcancel();
        steps = 1;
        CHECK(pthread_setcancelstate(77, nullptr) == EINVAL);
        CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &before) == 0);
        CHECK(before == PTHREAD_CANCEL_DISABLE);
        usleep(10);
        steps = 2;
      },
      ready));
  CHECK(steps == 1);
}

TEST_CASE("waits end: sleep, condition, semaphore, join, signals") {
  ends("sleep", [] { sleep(1000); });
  ends("nanosleep", [] {
    const timespec t{1000, 0};
    nanosleep(&t, nullptr);
  });
  sem_t s;
  REQUIRE(sem_init(&s, 0, 0) == 0);
  ends("sem_wait", [&] { sem_wait(&s); });
  ends("sem_timedwait", [&] {
    const timespec far{1L << 40, 0};
    sem_timedwait(&s, &far);
  });
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) usleep(100);
  });
  ends("pthread_join", [&] { pthread_join(other.native_handle(), nullptr); });
  stop = true;
  other.join();
  ends("pause", [] { pause(); });
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  REQUIRE(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  ends("sigwait", [&] {
    int signal = 0;
    sigwait(&set, &signal);
  });
  ends("sigsuspend", [&] { sigsuspend(&set); });
}

TEST_CASE("a condition's waiter has the mutex again when its handlers run") {
  for (int yields : {0, 1, 50, 2000}) {
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t c = PTHREAD_COND_INITIALIZER;
    std::atomic<bool> ready{false};
    CHECK(cancelled(
        [&] {
          pthread_mutex_lock(&m);
          struct unlock {
            pthread_mutex_t& m;
            ~unlock() {
              CHECK(pthread_mutex_trylock(&m) == EBUSY);
              CHECK(pthread_mutex_unlock(&m) == 0);
            }
          } unlock{m};
          ready = true;
          for (;;) pthread_cond_wait(&c, &m);
        },
        ready, yields));
    CHECK(pthread_mutex_lock(&m) == 0);
    CHECK(pthread_mutex_unlock(&m) == 0);
  }
}

TEST_CASE("blocking system calls end: read, accept, poll, select, recv") {
  descriptors pipe_, pair;
  REQUIRE(pipe(pipe_.fd) == 0);
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.fd) == 0);
  char byte;
  ends("read", [&] { (void)!read(pipe_.fd[0], &byte, 1); });
  ends("recv", [&] { recv(pair.fd[0], &byte, 1, 0); });
  ends("poll", [&] {
    pollfd one{pipe_.fd[0], POLLIN, 0};
    poll(&one, 1, -1);
  });
  ends("select", [&] {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_.fd[0], &set);
    select(pipe_.fd[0] + 1, &set, nullptr, nullptr, nullptr);
  });
  const int server = socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(server >= 0);
  const sockaddr nameless{AF_UNIX, {}};
  REQUIRE(bind(server, &nameless, sizeof(sa_family_t)) == 0);
  REQUIRE(listen(server, 1) == 0);
  ends("accept", [&] { accept(server, nullptr, nullptr); });
  close(server);
  // What was there is still there.
  CHECK(write(pipe_.fd[1], "x", 1) == 1);
  CHECK(read(pipe_.fd[0], &byte, 1) == 1);
}

TEST_CASE("a thread that locks a mutex is not cancelled there") {
  pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&m);
  std::atomic<bool> ready{false}, got{false};
  std::function<void()> body = [&] {
    ready = true;
    pthread_mutex_lock(&m);
    got = true;
    pthread_mutex_unlock(&m);
    pthread_testcancel();
  };
  pthread_t t;
  REQUIRE(pthread_create(&t, nullptr, run, &body) == 0);
  while (!ready) std::this_thread::yield();
  CHECK(pthread_cancel(t) == 0);
  usleep(2000);
  CHECK_FALSE(got);
  pthread_mutex_unlock(&m);
  void* result = nullptr;
  REQUIRE(pthread_join(t, &result) == 0);
  CHECK(result == PTHREAD_CANCELED);
  CHECK(got);
}

TEST_CASE("a signal to a condition is not lost with a cancelled waiter") {
  pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t c = PTHREAD_COND_INITIALIZER;
  for (int round = 0; round < 200; round++) {
    int tokens = 0, taken = 0;
    std::function<void()> body = [&] {
      pthread_mutex_lock(&m);
      pthread_cleanup_push([](void* mutex) { pthread_mutex_unlock(static_cast<pthread_mutex_t*>(mutex)); },
                           &m);
      while (tokens == 0) pthread_cond_wait(&c, &m);
      tokens--;
      taken++;
      pthread_cleanup_pop(1);
    };
    pthread_t a, b;
    REQUIRE(pthread_create(&a, nullptr, run, &body) == 0);
    REQUIRE(pthread_create(&b, nullptr, run, &body) == 0);
    if (round % 2 != 0) usleep(50);
    pthread_mutex_lock(&m);
    tokens = 1;
    pthread_mutex_unlock(&m);
    std::thread canceller([&] { pthread_cancel(a); });
    pthread_cond_signal(&c);
    canceller.join();
    void* result = nullptr;
    CHECK(pthread_join(a, &result) == 0);
    if (result == PTHREAD_CANCELED) {  // then the other one has it, or gets it
      CHECK(pthread_join(b, nullptr) == 0);
    } else {
      CHECK(pthread_cancel(b) == 0);
      CHECK(pthread_join(b, nullptr) == 0);
    }
    CHECK(taken == 1);
  }
}

TEST_CASE("an asynchronous thread is cancelled at the latest at its next point, and may cancel itself") {
  std::atomic<int> ended{0};
  std::function<void()> body = [&] {
    note_end note{ended};
    int before = -1;
    CHECK(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before) == 0);
    CHECK(before == PTHREAD_CANCEL_DEFERRED);
    pthread_cancel(pthread_self());
    ended = 100;
  };
  pthread_t t;
  REQUIRE(pthread_create(&t, nullptr, run, &body) == 0);
  void* result = nullptr;
  REQUIRE(pthread_join(t, &result) == 0);
  CHECK(result == PTHREAD_CANCELED);
  CHECK(ended == 1);
}

TEST_CASE("handlers and destructors of an ending thread may wait and call, and are not cancelled again") {
  std::atomic<int> ended{0};
  std::atomic<bool> ready{false};
  CHECK(cancelled(
      [&] {
        struct busy {
          std::atomic<int>& ended;
          ~busy() {
            usleep(1000);
            pthread_testcancel();
            ended++;
          }
        } busy{ended};
        try {
          ready = true;
          pause();
        } catch (...) {
          usleep(100);
          ended++;
          throw;
        }
      },
      ready));
  CHECK(ended == 2);
}

TEST_CASE("cancelling many threads that do many things, at any moment") {
  constexpr int threads = 200;
  descriptors pipe_;
  REQUIRE(pipe(pipe_.fd) == 0);
  sem_t s;
  REQUIRE(sem_init(&s, 0, 0) == 0);
  std::atomic<int> ended{0};
  std::vector<pthread_t> all(threads);
  std::function<void()> body = [&] {
    note_end note{ended};
    char byte;
    for (int n = 0;; n++) {
      pollfd one{pipe_.fd[0], POLLIN, 0};
      poll(&one, 1, n % 3);
      const timespec long_ago{0, 0};
      sem_timedwait(&s, &long_ago);
      usleep(n % 7 * 10);
      if (n > 20) (void)!read(pipe_.fd[0], &byte, 1);
    }
  };
  for (auto& t : all) REQUIRE(pthread_create(&t, nullptr, run, &body) == 0);
  for (std::size_t i = 0; i < all.size(); i++) {
    if (i % 10 == 0) usleep(500);
    CHECK(pthread_cancel(all[i]) == 0);
  }
  for (auto t : all) {
    void* result = nullptr;
    CHECK(pthread_join(t, &result) == 0);
    CHECK(result == PTHREAD_CANCELED);
  }
  CHECK(ended == threads);
}
