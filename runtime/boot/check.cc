// check: the assumptions on which everything above stands, tried once. Source: Go 1.21 runtime1.go check.
#include <atomic>
#include <cstdint>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/fatal.h"
#include "runtime/sched/sched.h"

namespace rt0 {

extern "C" void rt0_check() {
  const m* mp = getm();
  const g* gp = getg();
  ensure(mp == &rt0_m0 && mp->self == mp, "check: %gs is not m0");
  ensure(gp == mp->g0 && gp->tcb.self == gp && gp->m == mp, "check: %fs is not g0");
  ensure(gp->stack.lo <= gp->stackguard0 && gp->stackguard0 < gp->stack.hi, "check: bounds of g0's stack");
  const auto sp = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  ensure(sp > gp->stack.lo && sp <= gp->stack.hi, "check: not on g0's stack");

  std::atomic<std::uint32_t> z{1};
  std::uint32_t expected = 1;
  ensure(z.compare_exchange_strong(expected, 2, std::memory_order_relaxed), "check: cas1");
  expected = 5;
  ensure(!z.compare_exchange_strong(expected, 6, std::memory_order_relaxed), "check: cas2");
  ensure(z.load(std::memory_order_relaxed) == 2 && expected == 2, "check: cas3");

  struct {
    std::uint8_t x, y;
  } bytes{1, 2};
  __atomic_or_fetch(&bytes.x, 0xf0, __ATOMIC_RELAXED);
  ensure(bytes.x == 0xf1 && bytes.y == 2, "check: atomic or of a byte");
  const volatile float nan = __builtin_nanf("");
  ensure(nan != nan, "check: a NaN equals itself");
  ensure(gp->tcb.canary != 0, "check: no stack canary (AT_RANDOM is missing)");
}

}  // namespace rt0
