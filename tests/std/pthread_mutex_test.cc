// pthread mutexes: kinds by attribute and by static initialiser, the error codes POSIX asks of each kind.
// Programs are compiled with glibc's headers, so sizes and static initialisers are glibc's: see the first two
// cases.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <thread>

namespace {
template <class F>
int in_thread(F f) {
  int rc = -1;
  std::thread([&] { rc = f(); }).join();
  return rc;
}
struct kind_of_mutex {
  pthread_mutex_t mu;
  explicit kind_of_mutex(int kind) {
    pthread_mutexattr_t a;
    CHECK(pthread_mutexattr_init(&a) == 0);
    CHECK(pthread_mutexattr_settype(&a, kind) == 0);
    int back = -1;
    CHECK(pthread_mutexattr_gettype(&a, &back) == 0);
    CHECK(back == kind);
    CHECK(pthread_mutex_init(&mu, &a) == 0);
    CHECK(pthread_mutexattr_destroy(&a) == 0);
  }
  ~kind_of_mutex() { CHECK(pthread_mutex_destroy(&mu) == 0); }
};
timespec after_ms(clockid_t clock, long ms) {
  timespec t;
  clock_gettime(clock, &t);
  t.tv_nsec += ms * 1'000'000;
  t.tv_sec += t.tv_nsec / 1'000'000'000;
  t.tv_nsec %= 1'000'000'000;
  return t;
}
bool reached(clockid_t clock, const timespec& t) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec > t.tv_sec || (now.tv_sec == t.tv_sec && now.tv_nsec >= t.tv_nsec);
}
void check_recursive(pthread_mutex_t* mu) {
  CHECK(pthread_mutex_lock(mu) == 0);
  CHECK(pthread_mutex_lock(mu) == 0);
  CHECK(pthread_mutex_trylock(mu) == 0);
  CHECK(in_thread([&] { return pthread_mutex_trylock(mu); }) == EBUSY);
  CHECK(in_thread([&] { return pthread_mutex_unlock(mu); }) == EPERM);
  for (int i = 0; i < 3; ++i) CHECK(pthread_mutex_unlock(mu) == 0);
  CHECK(pthread_mutex_unlock(mu) == EPERM);
}
void check_errorcheck(pthread_mutex_t* mu) {
  CHECK(pthread_mutex_unlock(mu) == EPERM);
  CHECK(pthread_mutex_lock(mu) == 0);
  CHECK(pthread_mutex_lock(mu) == EDEADLK);
  CHECK(pthread_mutex_trylock(mu) == EBUSY);
  CHECK(in_thread([&] { return pthread_mutex_unlock(mu); }) == EPERM);
  CHECK(pthread_mutex_unlock(mu) == 0);
}
}  // namespace

TEST_CASE("PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP is a recursive mutex") {
  static pthread_mutex_t mu = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
  check_recursive(&mu);
}

TEST_CASE("PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP is an error-checking mutex") {
  static pthread_mutex_t mu = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
  check_errorcheck(&mu);
}

TEST_CASE("PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP locks and unlocks") {
  static pthread_mutex_t mu = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
  CHECK(pthread_mutex_lock(&mu) == 0);
  CHECK(in_thread([] { return pthread_mutex_trylock(&mu); }) == EBUSY);
  CHECK(pthread_mutex_unlock(&mu) == 0);
}

TEST_CASE("recursive by attribute") {
  kind_of_mutex m(PTHREAD_MUTEX_RECURSIVE);
  check_recursive(&m.mu);
}

TEST_CASE("errorcheck by attribute") {
  kind_of_mutex m(PTHREAD_MUTEX_ERRORCHECK);
  check_errorcheck(&m.mu);
}

TEST_CASE("normal: trylock by its owner is EBUSY") {
  kind_of_mutex m(PTHREAD_MUTEX_NORMAL);
  CHECK(pthread_mutex_lock(&m.mu) == 0);
  CHECK(pthread_mutex_trylock(&m.mu) == EBUSY);
  CHECK(pthread_mutex_unlock(&m.mu) == 0);
}

TEST_CASE("an unknown kind is EINVAL") {
  pthread_mutexattr_t a;
  CHECK(pthread_mutexattr_init(&a) == 0);
  CHECK(pthread_mutexattr_settype(&a, 77) == EINVAL);
  pthread_mutexattr_destroy(&a);
}

TEST_CASE("timedlock and clocklock: ETIMEDOUT at the time, not before; a free mutex ignores a past time") {
  pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
  const timespec past{1, 0};
  CHECK(pthread_mutex_timedlock(&mu, &past) == 0);
  CHECK(in_thread([&] { return pthread_mutex_timedlock(&mu, &past); }) == ETIMEDOUT);
  CHECK(in_thread([&] {
          const timespec t = after_ms(CLOCK_REALTIME, 20);
          const int rc = pthread_mutex_timedlock(&mu, &t);
          CHECK(reached(CLOCK_REALTIME, t));
          return rc;
        }) == ETIMEDOUT);
  CHECK(in_thread([&] {
          const timespec t = after_ms(CLOCK_MONOTONIC, 20);
          const int rc = pthread_mutex_clocklock(&mu, CLOCK_MONOTONIC, &t);
          CHECK(reached(CLOCK_MONOTONIC, t));
          return rc;
        }) == ETIMEDOUT);
  const timespec bad{1, 2'000'000'000};
  CHECK(in_thread([&] { return pthread_mutex_timedlock(&mu, &bad); }) == EINVAL);
  CHECK(pthread_mutex_unlock(&mu) == 0);
}
