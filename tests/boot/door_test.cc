// The weak door of rt0_go: a program that defines _cgo_init makes g0's TCB itself, and settls is skipped.
// What the door saw is checked in main. Compiled without stack protector: the door runs before %fs is live.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "rt0/layout.h"
#include "runtime/sched/sched.h"

namespace {

struct {
  void* g0;
  void (*setg)(void*);
  void *third, *fourth;
  int calls;
} seen;

constexpr std::uintptr_t moved_by = 4096;
constexpr std::uintptr_t door_canary = 0x1122334455660000;

}  // namespace

extern "C" void _cgo_init(void* g0, void (*setg)(void*), void* third, void* fourth) {
  seen = {g0, setg, third, fourth, seen.calls + 1};
  auto* words = static_cast<std::uintptr_t*>(g0);
  words[G_STACK_LO / 8] += moved_by;
  words[TCB_SELF / 8] = reinterpret_cast<std::uintptr_t>(g0);
  words[TCB_CANARY / 8] = door_canary;
  setg(g0);
}

TEST_CASE("the door is opened once, with g0 and setg") {
  const rt0::g* g0 = rt0::getm()->g0;
  CHECK(seen.calls == 1);
  CHECK(seen.g0 == g0);
  CHECK(g0 == &rt0::rt0_g0_block.g0);
  CHECK((seen.setg != nullptr));
  CHECK(seen.third == nullptr);
  CHECK(seen.fourth == nullptr);
}

TEST_CASE("the guards follow the bound that the door moved, and settls did not run") {
  const rt0::g* g0 = rt0::getm()->g0;
  CHECK(g0->stackguard0 == g0->stack.lo + STACK_GUARD);
  CHECK(g0->stackguard1 == g0->stack.lo + STACK_GUARD);
  CHECK(g0->stack.hi - g0->stack.lo == G0_STACK_BYTES - G0_STACK_SLACK - moved_by);
  CHECK(g0->tcb.canary == door_canary);
}
