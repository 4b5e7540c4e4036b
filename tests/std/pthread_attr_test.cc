// pthread_attr: stack sizes asked and got, detach state, and getattr_np's bounds, which contain the thread's
// own locals.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <pthread.h>

#include <cstdint>
#include <thread>

namespace {

struct bounds {
  std::uintptr_t lo = 0;
  std::size_t bytes = 0;
  bool contains(const void* p) const {
    const auto a = reinterpret_cast<std::uintptr_t>(p);
    return a >= lo && a < lo + bytes;
  }
};

bounds own_bounds() {
  pthread_attr_t a;
  CHECK(pthread_getattr_np(pthread_self(), &a) == 0);
  void* lo = nullptr;
  bounds b;
  CHECK(pthread_attr_getstack(&a, &lo, &b.bytes) == 0);
  b.lo = reinterpret_cast<std::uintptr_t>(lo);
  pthread_attr_destroy(&a);
  return b;
}

// Walks down `bytes` of stack in steps of a page, so that every page in between is really there.
[[gnu::noinline]] long use_stack(std::size_t bytes) {
  volatile char page[4096];
  page[0] = 1;
  page[4095] = 1;
  if (bytes <= sizeof page) return 2;
  return use_stack(bytes - sizeof page) + page[0];
}

}  // namespace

TEST_CASE("defaults are sane, values read back, nonsense is EINVAL") {
  pthread_attr_t a;
  REQUIRE(pthread_attr_init(&a) == 0);
  std::size_t bytes = 0;
  CHECK(pthread_attr_getstacksize(&a, &bytes) == 0);
  CHECK(bytes >= (1u << 16));
  int state = -1;
  CHECK(pthread_attr_getdetachstate(&a, &state) == 0);
  CHECK(state == PTHREAD_CREATE_JOINABLE);
  CHECK(pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED) == 0);
  CHECK(pthread_attr_getdetachstate(&a, &state) == 0);
  CHECK(state == PTHREAD_CREATE_DETACHED);
  CHECK(pthread_attr_setdetachstate(&a, 77) == EINVAL);
  CHECK(pthread_attr_setstacksize(&a, 1 << 20) == 0);
  CHECK(pthread_attr_getstacksize(&a, &bytes) == 0);
  CHECK(bytes == 1 << 20);
  CHECK(pthread_attr_setstacksize(&a, 100) == EINVAL);
  std::size_t guard = 0;
  CHECK(pthread_attr_setguardsize(&a, 8192) == 0);
  CHECK(pthread_attr_getguardsize(&a, &guard) == 0);
  CHECK(guard == 8192);
  CHECK(pthread_attr_destroy(&a) == 0);
}

TEST_CASE("getattr_np: bounds hold a local, in main and in a thread; the two do not overlap") {
  int local = 0;
  const bounds mine = own_bounds();
  CHECK(mine.contains(&local));
  std::thread([&] {
    int inner = 0;
    const bounds own = own_bounds();
    CHECK(own.contains(&inner));
    CHECK_FALSE(own.contains(&local));
    CHECK_FALSE(mine.contains(&inner));
  }).join();
}

TEST_CASE("a stack of 4 MiB can be used, and its bounds say so") {
  pthread_attr_t a;
  REQUIRE(pthread_attr_init(&a) == 0);
  REQUIRE(pthread_attr_setstacksize(&a, 4 << 20) == 0);
  pthread_t t;
  long used = 0;
  REQUIRE(pthread_create(
              &t, &a,
              [](void* u) -> void* {
                CHECK(own_bounds().bytes >= (3u << 20));
                *static_cast<long*>(u) = use_stack(3 << 20);
                return nullptr;
              },
              &used) == 0);
  CHECK(pthread_join(t, nullptr) == 0);
  CHECK(used > 700);
  pthread_attr_destroy(&a);
}

TEST_CASE("a default std::thread has room for half a MiB of frames, and again after reuse") {
  for (int i = 0; i < 3; ++i) {
    long used = 0;
    std::thread([&] { used = use_stack(512 << 10); }).join();
    CHECK(used > 100);
  }
}
