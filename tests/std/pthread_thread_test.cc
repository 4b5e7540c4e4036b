// pthread_create and its family where std::thread does not reach: return values, pthread_exit, try and timed
// joins, detach.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <time.h>

#include <atomic>
#include <thread>

namespace {
void* as_pointer(intptr_t n) { return reinterpret_cast<void*>(n); }

// Waits until told; says what it was told.
struct gate {
  std::atomic<bool> open{false};
  void pass() const {
    while (!open) sched_yield();
  }
};
void* wait_at_gate(void* g) {
  static_cast<gate*>(g)->pass();
  return as_pointer(11);
}
timespec in_ms(long ms) {
  timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += ms * 1'000'000;
  t.tv_sec += t.tv_nsec / 1'000'000'000;
  t.tv_nsec %= 1'000'000'000;
  return t;
}
}  // namespace

TEST_CASE("the value returned reaches pthread_join") {
  pthread_t t;
  auto next = [](void* p) -> void* { return as_pointer(reinterpret_cast<intptr_t>(p) + 1); };
  REQUIRE(pthread_create(&t, nullptr, next, as_pointer(4)) == 0);
  void* out = nullptr;
  CHECK(pthread_join(t, &out) == 0);
  CHECK(intptr_t(out) == 5);
}

namespace {
int unwound = 0;
struct on_unwind {
  ~on_unwind() { ++unwound; }
};
void* exits_deep(void*) {
  on_unwind outer;
  [] {
    on_unwind inner;
    pthread_exit(as_pointer(99));
  }();
  return nullptr;
}
}  // namespace

TEST_CASE("pthread_exit: the value arrives, destructors of the frames run") {
  pthread_t t;
  unwound = 0;
  REQUIRE(pthread_create(&t, nullptr, exits_deep, nullptr) == 0);
  void* out = nullptr;
  CHECK(pthread_join(t, &out) == 0);
  CHECK(intptr_t(out) == 99);
  CHECK(unwound == 2);
}

TEST_CASE("pthread_tryjoin_np and pthread_timedjoin_np: EBUSY and ETIMEDOUT while it runs, then the value") {
  gate g;
  pthread_t t;
  REQUIRE(pthread_create(&t, nullptr, wait_at_gate, &g) == 0);
  void* out = nullptr;
  CHECK(pthread_tryjoin_np(t, &out) == EBUSY);
  const timespec soon = in_ms(20);
  CHECK(pthread_timedjoin_np(t, &out, &soon) == ETIMEDOUT);
  g.open = true;
  const timespec later = in_ms(60'000);
  CHECK(pthread_timedjoin_np(t, &out, &later) == 0);
  CHECK(intptr_t(out) == 11);
}

TEST_CASE("a thread created detached cannot be joined, and runs") {
  static std::atomic<int> ran;
  ran = 0;
  pthread_attr_t a;
  pthread_attr_init(&a);
  CHECK(pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED) == 0);
  pthread_t t;
  REQUIRE(pthread_create(
              &t, &a,
              [](void*) -> void* {
                ran = 1;
                return nullptr;
              },
              nullptr) == 0);
  pthread_attr_destroy(&a);
  while (ran == 0) sched_yield();
}

TEST_CASE("join of oneself is EDEADLK; join of a detached thread is EINVAL") {
  CHECK(pthread_join(pthread_self(), nullptr) == EDEADLK);
  gate g;
  pthread_t t;
  REQUIRE(pthread_create(&t, nullptr, wait_at_gate, &g) == 0);
  CHECK(pthread_detach(t) == 0);
  CHECK(pthread_join(t, nullptr) == EINVAL);
  g.open = true;
}

TEST_CASE("join of a thread that has already ended") {
  std::atomic<int> done{0};
  pthread_t t;
  REQUIRE(pthread_create(
              &t, nullptr,
              [](void* d) -> void* {
                *static_cast<std::atomic<int>*>(d) = 1;
                return d;
              },
              &done) == 0);
  while (!done) sched_yield();
  for (int i = 0; i < 100; ++i) sched_yield();
  void* out = nullptr;
  CHECK(pthread_join(t, &out) == 0);
  CHECK(out == &done);
}
