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

TEST_CASE("scheduling attributes are checked and read back") {
  pthread_attr_t a;
  REQUIRE(pthread_attr_init(&a) == 0);
  int value = -1;
  CHECK(pthread_attr_getinheritsched(&a, &value) == 0);
  CHECK(value == PTHREAD_INHERIT_SCHED);
  CHECK(pthread_attr_setinheritsched(&a, PTHREAD_EXPLICIT_SCHED) == 0);
  CHECK(pthread_attr_getinheritsched(&a, &value) == 0);
  CHECK(value == PTHREAD_EXPLICIT_SCHED);
  CHECK(pthread_attr_setinheritsched(&a, 77) == EINVAL);
  CHECK(pthread_attr_getschedpolicy(&a, &value) == 0);
  CHECK(value == SCHED_OTHER);
  CHECK(pthread_attr_setschedpolicy(&a, 77) == EINVAL);
  sched_param param{};
  param.sched_priority = 50;
  CHECK(pthread_attr_setschedparam(&a, &param) == EINVAL);  // SCHED_OTHER has no priorities
  CHECK(pthread_attr_setschedpolicy(&a, SCHED_FIFO) == 0);
  CHECK(pthread_attr_setschedparam(&a, &param) == 0);
  param.sched_priority = 0;
  CHECK(pthread_attr_getschedparam(&a, &param) == 0);
  CHECK(param.sched_priority == 50);
  CHECK(pthread_attr_getscope(&a, &value) == 0);
  CHECK(value == PTHREAD_SCOPE_SYSTEM);
  CHECK(pthread_attr_setscope(&a, PTHREAD_SCOPE_SYSTEM) == 0);
  CHECK(pthread_attr_setscope(&a, PTHREAD_SCOPE_PROCESS) == ENOTSUP);
  CHECK(pthread_attr_setscope(&a, 77) == EINVAL);
  CHECK(pthread_attr_destroy(&a) == 0);
}

TEST_CASE("a thread runs on the stack that it was given, which is free again after the join") {
  constexpr std::size_t bytes = 1 << 18;
  auto* room = static_cast<char*>(aligned_alloc(4096, bytes));
  pthread_attr_t a;
  REQUIRE(pthread_attr_init(&a) == 0);
  CHECK(pthread_attr_setstack(&a, room, 100) == EINVAL);
  REQUIRE(pthread_attr_setstack(&a, room, bytes) == 0);
  void* lo = nullptr;
  std::size_t got = 0;
  CHECK(pthread_attr_getstack(&a, &lo, &got) == 0);
  CHECK(lo == room);
  CHECK(got == bytes);
  for (int i = 0; i < 50; i++) {
    pthread_t t;
    const auto body = [](void* arg) -> void* {
      int local = 0;
      const auto* at = reinterpret_cast<char*>(&local);
      const auto* from = static_cast<char*>(arg);
      CHECK(at >= from);
      CHECK(at < from + bytes);
      CHECK(own_bounds().contains(&local));
      std::this_thread::yield();
      CHECK(use_stack(bytes / 2) > 0);
      return arg;
    };
    REQUIRE(pthread_create(&t, &a, body, room) == 0);
    void* result = nullptr;
    CHECK(pthread_join(t, &result) == 0);
    CHECK(result == room);
    for (std::size_t n = 0; n < bytes; n++) room[n] = 0x55;
    std::thread([] {
      CHECK(use_stack(1 << 16) > 0);
    }).join();  // on the slot that the other's G was in, perhaps
  }
  CHECK(pthread_attr_destroy(&a) == 0);
  free(room);
}

TEST_CASE("the default stack size is that of threads made from then on") {
  pthread_attr_t old, wanted;
  REQUIRE(pthread_getattr_default_np(&old) == 0);
  REQUIRE(pthread_attr_init(&wanted) == 0);
  std::size_t old_bytes = 0, bytes = 0;
  CHECK(pthread_attr_getstacksize(&old, &old_bytes) == 0);
  REQUIRE(pthread_attr_setstacksize(&wanted, 1 << 17) == 0);
  REQUIRE(pthread_setattr_default_np(&wanted) == 0);
  std::thread([] { CHECK(own_bounds().bytes < (1u << 19)); }).join();
  CHECK(pthread_getattr_default_np(&wanted) == 0);
  CHECK(pthread_attr_getstacksize(&wanted, &bytes) == 0);
  CHECK(bytes == 1 << 17);
  REQUIRE(pthread_setattr_default_np(&old) == 0);
  std::thread([&] { CHECK(own_bounds().bytes >= old_bytes / 2); }).join();
  pthread_attr_destroy(&old);
  pthread_attr_destroy(&wanted);
}

TEST_CASE("a set of CPUs is kept, and read back only where they fit") {
  pthread_attr_t a;
  REQUIRE(pthread_attr_init(&a) == 0);
  cpu_set_t set;
  CHECK(pthread_attr_getaffinity_np(&a, sizeof set, &set) == 0);
  CHECK(CPU_COUNT(&set) == CPU_SETSIZE);
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  CPU_SET(100, &set);
  CHECK(pthread_attr_setaffinity_np(&a, sizeof set, &set) == 0);
  cpu_set_t got;
  CHECK(pthread_attr_getaffinity_np(&a, sizeof got, &got) == 0);
  CHECK(CPU_EQUAL(&got, &set));
  CHECK(pthread_attr_getaffinity_np(&a, 8, &got) == EINVAL);
  CHECK(pthread_attr_setaffinity_np(&a, 0, &got) == 0);
  CHECK(pthread_attr_getaffinity_np(&a, sizeof got, &got) == 0);
  CHECK(CPU_COUNT(&got) == CPU_SETSIZE);
  CHECK(pthread_attr_destroy(&a) == 0);
}
