// What the attributes of mutexes, conditions and locks promise: every setter and getter, glibc's static
// initializers, and what is refused.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <cerrno>
#include <ctime>
#include <thread>

namespace {

constexpr timespec long_ago{1, 0}, nonsense{1, 2'000'000'000};
constexpr clockid_t no_clock = 77;

}  // namespace

TEST_CASE("mutex attributes: types, protocol, sharing, robustness") {
  pthread_mutexattr_t attr;
  REQUIRE(pthread_mutexattr_init(&attr) == 0);
  int value = -1;
  CHECK(pthread_mutexattr_getpshared(&attr, &value) == 0);
  CHECK(value == PTHREAD_PROCESS_PRIVATE);
  CHECK(pthread_mutexattr_setpshared(&attr, 77) == EINVAL);
  CHECK(pthread_mutexattr_getrobust(&attr, &value) == 0);
  CHECK(value == PTHREAD_MUTEX_STALLED);
  CHECK(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_STALLED) == 0);
  CHECK(pthread_mutexattr_setrobust(&attr, 77) == EINVAL);
  CHECK(pthread_mutexattr_getprotocol(&attr, &value) == 0);
  CHECK(value == PTHREAD_PRIO_NONE);
  CHECK(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) == 0);
  CHECK(pthread_mutexattr_getprotocol(&attr, &value) == 0);
  CHECK(value == PTHREAD_PRIO_INHERIT);
  CHECK(pthread_mutexattr_setprotocol(&attr, 77) == EINVAL);
  CHECK(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE) == 0);
  CHECK(pthread_mutexattr_gettype(&attr, &value) == 0);
  CHECK(value == PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_t m;
  REQUIRE(pthread_mutex_init(&m, &attr) == 0);
  CHECK(pthread_mutex_lock(&m) == 0);
  CHECK(pthread_mutex_lock(&m) == 0);
  CHECK(pthread_mutex_unlock(&m) == 0);
  CHECK(pthread_mutex_unlock(&m) == 0);
  CHECK(pthread_mutex_consistent(&m) == EINVAL);
  CHECK(pthread_mutex_getprioceiling(&m, &value) == EINVAL);
  CHECK(pthread_mutex_setprioceiling(&m, 1, &value) == EINVAL);
  CHECK(pthread_mutex_destroy(&m) == 0);
  CHECK(pthread_mutexattr_destroy(&attr) == 0);
}

TEST_CASE(
    "a free lock is taken whatever the time says; a held one asks for a valid one; an unknown clock is "
    "EINVAL") {
  pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
  CHECK(pthread_mutex_timedlock(&m, &nonsense) == 0);
  std::thread([&] {
    CHECK(pthread_mutex_timedlock(&m, &nonsense) == EINVAL);
    CHECK(pthread_mutex_timedlock(&m, &long_ago) == ETIMEDOUT);
    CHECK(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &long_ago) == ETIMEDOUT);
  }).join();
  CHECK(pthread_mutex_unlock(&m) == 0);
  CHECK(pthread_mutex_clocklock(&m, no_clock, &long_ago) == EINVAL);

  pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
  CHECK(pthread_rwlock_timedwrlock(&rw, &long_ago) == 0);
  std::thread([&] {
    CHECK(pthread_rwlock_timedrdlock(&rw, &long_ago) == ETIMEDOUT);
    CHECK(pthread_rwlock_timedwrlock(&rw, &nonsense) == EINVAL);
    CHECK(pthread_rwlock_clockrdlock(&rw, no_clock, &long_ago) == EINVAL);
  }).join();
  CHECK(pthread_rwlock_unlock(&rw) == 0);

  pthread_cond_t c = PTHREAD_COND_INITIALIZER;
  CHECK(pthread_mutex_lock(&m) == 0);
  CHECK(pthread_cond_timedwait(&c, &m, &nonsense) == EINVAL);
  CHECK(pthread_cond_timedwait(&c, &m, &long_ago) == ETIMEDOUT);
  CHECK(pthread_cond_clockwait(&c, &m, no_clock, &long_ago) == EINVAL);
  CHECK(pthread_mutex_unlock(&m) == 0);

  sem_t s;
  REQUIRE(sem_init(&s, 0, 0) == 0);
  CHECK(sem_clockwait(&s, no_clock, &long_ago) == -1);
  CHECK(errno == EINVAL);
  CHECK(sem_timedwait(&s, &long_ago) == -1);
  CHECK(errno == ETIMEDOUT);
}

TEST_CASE("condition attributes: clock and sharing") {
  pthread_condattr_t attr;
  REQUIRE(pthread_condattr_init(&attr) == 0);
  clockid_t clock = -1;
  CHECK(pthread_condattr_getclock(&attr, &clock) == 0);
  CHECK(clock == CLOCK_REALTIME);
  CHECK(pthread_condattr_setclock(&attr, CLOCK_PROCESS_CPUTIME_ID) == EINVAL);
  CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
  CHECK(pthread_condattr_getclock(&attr, &clock) == 0);
  CHECK(clock == CLOCK_MONOTONIC);
  int shared = -1;
  CHECK(pthread_condattr_getpshared(&attr, &shared) == 0);
  CHECK(shared == PTHREAD_PROCESS_PRIVATE);
  CHECK(pthread_condattr_setpshared(&attr, 77) == EINVAL);
  CHECK(pthread_condattr_destroy(&attr) == 0);
}

TEST_CASE("a read-write lock of the kind that prefers writers keeps new readers out while a writer waits") {
  pthread_rwlockattr_t attr;
  REQUIRE(pthread_rwlockattr_init(&attr) == 0);
  int kind = -1;
  CHECK(pthread_rwlockattr_getkind_np(&attr, &kind) == 0);
  CHECK(kind == PTHREAD_RWLOCK_PREFER_READER_NP);
  CHECK(pthread_rwlockattr_setkind_np(&attr, 77) == EINVAL);
  CHECK(pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
  pthread_rwlock_t made, by_initializer = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
  REQUIRE(pthread_rwlock_init(&made, &attr) == 0);
  for (pthread_rwlock_t* lock : {&made, &by_initializer}) {
    CHECK(pthread_rwlock_rdlock(lock) == 0);
    CHECK(pthread_rwlock_tryrdlock(lock) == 0);
    CHECK(pthread_rwlock_unlock(lock) == 0);
    std::thread writer([&] {
      CHECK(pthread_rwlock_wrlock(lock) == 0);
      CHECK(pthread_rwlock_unlock(lock) == 0);
    });
    int result = 0;
    do {  // until the writer waits
      result = pthread_rwlock_tryrdlock(lock);
      if (result == 0) pthread_rwlock_unlock(lock);
      std::this_thread::yield();
    } while (result == 0);
    CHECK(result == EBUSY);
    CHECK(pthread_rwlock_unlock(lock) == 0);
    writer.join();
    CHECK(pthread_rwlock_tryrdlock(lock) == 0);
    CHECK(pthread_rwlock_unlock(lock) == 0);
    CHECK(pthread_rwlock_destroy(lock) == 0);
  }
  CHECK(pthread_rwlockattr_destroy(&attr) == 0);
}

TEST_CASE("concurrency is a wish that can be read back") {
  CHECK(pthread_getconcurrency() == 0);
  CHECK(pthread_setconcurrency(-1) == EINVAL);
  CHECK(pthread_setconcurrency(3) == 0);
  CHECK(pthread_getconcurrency() == 3);
  CHECK(pthread_setconcurrency(0) == 0);
}

TEST_CASE("a semaphore that counts too far, or tries in vain") {
  sem_t s;
  REQUIRE(sem_init(&s, 0, SEM_VALUE_MAX) == 0);
  CHECK(sem_post(&s) == -1);
  CHECK(errno == EOVERFLOW);
  CHECK(sem_destroy(&s) == 0);
  REQUIRE(sem_init(&s, 0, 0) == 0);
  CHECK(sem_trywait(&s) == -1);
  CHECK(errno == EAGAIN);
  int value = -1;
  CHECK(sem_getvalue(&s, &value) == 0);
  CHECK(value == 0);
  CHECK(sem_destroy(&s) == 0);
}
