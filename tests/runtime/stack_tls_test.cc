// A program whose thread_local variables are larger than a goroutine's whole stack: slots grow by them.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/sched/park.h"
#include "runtime/sched/proc.h"

namespace {

constexpr std::size_t big = 128 * 1024;
thread_local char buffer[big];
thread_local int counted = 7;
alignas(1024) thread_local char aligned[64];

int ended = 0;

// On a new goroutine: TLS is fresh, lies within the slot, and the stack has its nominal size besides.
void check_own_slot(void*) {
  const rt0::g* gp = rt0::getg();
  const auto at = reinterpret_cast<std::uintptr_t>(&buffer[0]);
  const auto g_at = reinterpret_cast<std::uintptr_t>(gp);
  CHECK(gp->stack.hi - gp->stack.lo >= std::size_t{1} << gp->slot.size_class);
  CHECK(gp->stack.hi <= at);
  CHECK(at + big <= g_at);
  CHECK(g_at + sizeof *gp <= gp->slot.base + gp->slot.bytes);
  CHECK(gp->slot.bytes / 4096 % 2 == 1);
  CHECK(reinterpret_cast<std::uintptr_t>(&aligned[0]) % 1024 == 0);
  CHECK(counted == 7);
  for (char c : buffer) REQUIRE(c == 0);
  std::memset(buffer, 0x5a, big);
  std::memset(aligned, 0x5a, sizeof aligned);
  counted = 8;
  // Nearly all of the stack, while the TLS above it holds.
  auto* below = static_cast<volatile char*>(__builtin_alloca(50 * 1024));
  for (std::size_t i = 0; i < 50 * 1024; i += 512) below[i] = 1;
  for (char c : buffer) REQUIRE(c == 0x5a);
  ended++;
}

}  // namespace

TEST_CASE("threads with 128 KiB of thread_local each") {
  buffer[0] = 1;
  ended = 0;
  for (int round = 0; round < 3; round++) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 20; i++) threads.emplace_back([] { check_own_slot(nullptr); });
    for (auto& t : threads) t.join();
  }
  CHECK(ended == 60);
  CHECK(buffer[0] == 1);
}

TEST_CASE("goroutines of 64 KiB with 128 KiB of thread_local each") {
  ended = 0;
  for (int i = 0; i < 20; i++) {
    REQUIRE(rt0::newproc({check_own_slot, nullptr, rt0::g_kind::go, 16, 0}).gp != nullptr);
    rt0::yield();
  }
  while (ended < 20) rt0::yield();
  CHECK(ended == 20);
}
