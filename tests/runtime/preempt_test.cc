// Preemption: a goroutine that never calls anything is made to give way thousands of times and finds every
// register, flag and byte of its red zone as it left them. The kernel's timer sends SIGURG.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <random>
#include <thread>

#include "rt0/arch.h"
#include "runtime/sched/signal.h"
#include "tests/runtime/seed.h"
#include "tests/runtime/victim.h"

namespace {

// The components whose values the test can make up and compare; the same choice as preempt.h's would prove
// nothing, so it is written out.
std::uint64_t tested_components() {
  constexpr std::uint64_t x87_sse_avx_avx512 = 0xe7;
  return (rt0::rt0_cpuid1_ecx & 1u << 27) != 0 ? rt0::xgetbv0() & x87_sse_avx_avx512 : 0;
}

struct component {
  std::uint32_t offset, bytes;
};
component place_of(int i) {
  if (i == 0) return {32, 128};   // the x87 stack, 16 bytes each
  if (i == 1) return {160, 256};  // xmm
  const auto [size, offset, flags, unused] = rt0::cpuid(0xd, static_cast<std::uint32_t>(i));
  return {offset, size};
}

template <class F>
void for_each_component(F visit) {
  for (int i = 0; i < 8; i++) {
    if (i < 2 || (victim_mask >> i & 1) != 0) visit(i, place_of(i));
  }
}

void fill(std::mt19937_64& random, void* at, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += 8) {
    const std::uint64_t word = random();
    std::memcpy(static_cast<char*>(at) + i, &word, 8);
  }
}

// New random values for everything, x87's such that its registers keep them (valid, normal).
void give(std::mt19937_64& random) {
  victim_block& b = victim_given;
  fill(random, b.gpr, sizeof b.gpr);
  fill(random, b.red_zone, sizeof b.red_zone);
  b.flags = (random() & all_flags) | always_set;
  std::memset(b.xstate, 0, sizeof b.xstate);
  for_each_component([&](int i, component c) {
    if (i != 0) return fill(random, b.xstate + c.offset, c.bytes);
    for (int r = 0; r < 8; r++) {
      const auto mantissa = static_cast<long double>(random() | 1);
      const long double value = std::ldexp(mantissa, static_cast<int>(random() % 999));
      std::memcpy(b.xstate + c.offset + 16 * r, &value, 10);
    }
  });
  const std::uint16_t control = 0x37f & ~static_cast<std::uint16_t>(random() & 0x300);  // any precision
  const std::uint8_t tags = 0xff;  // eight registers in use
  const std::uint32_t mxcsr = 0x1f80 | static_cast<std::uint32_t>(random() & 0x603f);
  std::memcpy(b.xstate, &control, 2);
  std::memcpy(b.xstate + 4, &tags, 1);
  std::memcpy(b.xstate + 24, &mxcsr, 4);
  std::memcpy(b.xstate + 512, &victim_mask, 8);
}

bool differs(const char* what, int i, const void* given, const void* found, std::size_t bytes) {
  if (std::memcmp(given, found, bytes) == 0) return false;
  MESSAGE(what << " " << i << " changed");
  return true;
}

int mismatches() {
  const victim_block &given = victim_given, &found = victim_found;
  int n = 0;
  for (int i = 0; i < 16; i++) {
    if (i != place_of_rcx) n += differs("register", i, &given.gpr[i], &found.gpr[i], 8);
    n += differs("red zone", i, &given.red_zone[i], &found.red_zone[i], 8);
  }
  n += differs("flags", 0, &given.flags, &found.flags, 8);
  n += differs("x87 control word", 0, given.xstate, found.xstate, 2);
  n += differs("x87 tags", 0, given.xstate + 4, found.xstate + 4, 1);
  n += differs("mxcsr", 0, given.xstate + 24, found.xstate + 24, 4);
  for_each_component([&](int i, component c) {
    if (i != 0) {
      n += differs("component", i, given.xstate + c.offset, found.xstate + c.offset, c.bytes);
      return;
    }
    for (std::uint32_t r = 0; r < c.bytes; r += 16) {
      n += differs("x87 register", static_cast<int>(r / 16), given.xstate + c.offset + r,
                   found.xstate + c.offset + r, 10);
    }
  });
  return n;
}

// What the others do meanwhile: every kind of register.
double busy(int seed) {
  long double x = seed + 1;
  double v[16];
  for (int i = 0; i < 16; i++) v[i] = static_cast<double>(x = std::sqrt(x + i) + std::sin(x));
  double sum = 0;
  for (double w : v) sum += w;
  return sum;
}

// The victim is made to give way so many times, while another goroutine works.
void interrupt(std::uint64_t wanted) {
  std::mt19937_64 random(test_seed());
  MESSAGE("components " << victim_mask << ", by " << int{rt0::rt0_xstate_how} << ", " << rt0::rt0_xstate_bytes
                        << " bytes");
  constexpr std::uint64_t at_a_time = 4;
  const double expected = busy(7);
  std::atomic<std::uint64_t> turns{0};
  std::atomic<bool> done{false};
  int wrong_sums = 0;
  std::thread other([&] {
    while (!done.load()) {
      if (busy(7) != expected) wrong_sums++;
      if (turns.fetch_add(1) % at_a_time == 0) victim_stop.store(random() | 1);
      std::this_thread::yield();
    }
  });
  const std::uint64_t before = injected();
  int bad = 0;
  {
    const urging timer(50'000);
    REQUIRE(timer.made());
    while (injected() - before < wanted && bad == 0) {
      give(random);
      victim_stop.store(0);
      victim_spin();
      bad += mismatches();
    }
  }
  done = true;
  other.join();
  MESSAGE((injected() - before) << " injected, " << turns.load() << " turns of the other");
  CHECK(bad == 0);
  CHECK(wrong_sums == 0);
  CHECK(turns.load() >= wanted / 2);
}

}  // namespace

TEST_CASE("a goroutine that is made to give way 10,000 times keeps everything") {
  rt0::preempt_init();
  CHECK(rt0::rt0_xstate_bytes >= 512);
  victim_mask = tested_components();
  interrupt(10'000);
}

TEST_CASE("the same by xsave, as on a CPU without xsavec") {
  if (rt0::rt0_xstate_how == XSTATE_FXSAVE) return;
  const auto how = rt0::rt0_xstate_how;
  const auto bytes = rt0::rt0_xstate_bytes;
  victim_mask = tested_components();
  rt0::rt0_xstate_bytes = rt0::cpuid(0xd, 0).ebx;
  rt0::rt0_xstate_how = XSTATE_XSAVE;
  interrupt(2'000);
  rt0::rt0_xstate_how = how;
  rt0::rt0_xstate_bytes = bytes;
}

TEST_CASE("the same by fxsave, as on a CPU that has nothing beyond SSE") {
  const auto how = rt0::rt0_xstate_how;
  const auto bytes = rt0::rt0_xstate_bytes;
  const auto mask = rt0::rt0_xstate_mask;
  victim_mask = how == XSTATE_FXSAVE ? 0 : 3;
  rt0::rt0_xstate_mask = 0;
  rt0::rt0_xstate_bytes = 512;
  rt0::rt0_xstate_how = XSTATE_FXSAVE;
  interrupt(2'000);
  rt0::rt0_xstate_mask = mask;
  rt0::rt0_xstate_how = how;
  rt0::rt0_xstate_bytes = bytes;
}
