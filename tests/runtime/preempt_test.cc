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
#include "tests/runtime/victim_state.h"

namespace {

void say_change(const char* what, int i) { MESSAGE(what << " " << i << " changed"); }

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
      bad += mismatches(say_change);
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
