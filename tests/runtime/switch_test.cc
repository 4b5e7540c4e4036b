// mcall, systemstack and gogo, from inside: what is in gobufs and registers on the way. Runs on rt0 with the
// core opened.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cfenv>
#include <thread>
#include <vector>

#include "rt0/arch.h"
#include "runtime/sched/sched.h"

namespace {

using rt0::g;
using rt0::getg;
using rt0::getm;

std::uintptr_t here() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }
bool on_stack_of(const g* gp, std::uintptr_t sp) { return sp > gp->stack.lo && sp <= gp->stack.hi; }

struct seen_inside {
  g* running;
  std::uintptr_t sp;
  std::uintptr_t saved_pc, saved_sp;
  int depth;
};

void look(void* arg) {
  auto* seen = static_cast<seen_inside*>(arg);
  const g* gp = getm()->curg;
  *seen = {getg(), here(), gp->sched.pc, gp->sched.sp, seen->depth};
  if (seen->depth > 0) {
    seen->depth--;
    rt0::rt0_systemstack(look, arg);
  }
}

seen_inside mcalled;

void look_and_resume(g* gp) {
  mcalled = {getg(), here(), gp->sched.pc, gp->sched.sp, 0};
  rt0::rt0_gogo(&gp->sched);
}

}  // namespace

TEST_CASE("systemstack runs on g0 and comes back") {
  g* gp = getg();
  REQUIRE(on_stack_of(gp, here()));
  seen_inside seen{};
  rt0::rt0_systemstack(look, &seen);
  CHECK(seen.running == getm()->g0);
  CHECK(on_stack_of(getm()->g0, seen.sp));
  CHECK(seen.saved_pc == reinterpret_cast<std::uintptr_t>(rt0::rt0_systemstack_switch));
  CHECK(on_stack_of(gp, seen.saved_sp));
  CHECK(getg() == gp);
  CHECK(gp->sched.sp == 0);
}

TEST_CASE("systemstack on g0 is a plain call") {
  seen_inside seen{};
  seen.depth = 1;
  rt0::rt0_systemstack(look, &seen);
  CHECK(seen.depth == 0);
  CHECK(seen.running == getm()->g0);
  CHECK(getg() == getm()->curg);
}

TEST_CASE("mcall leaves a gobuf that gogo resumes and clears") {
  g* gp = getg();
  rt0::rt0_mcall(look_and_resume);
  CHECK(mcalled.running == getm()->g0);
  CHECK(on_stack_of(getm()->g0, mcalled.sp));
  CHECK(mcalled.saved_pc == reinterpret_cast<std::uintptr_t>(rt0::rt0_resume));
  CHECK(on_stack_of(gp, mcalled.saved_sp));
  CHECK(getg() == gp);
  CHECK(gp->sched.sp == 0);
  CHECK(gp->sched.ret == 0);
  CHECK(gp->sched.ctxt == nullptr);
  CHECK(gp->sched.bp == 0);
}

TEST_CASE("callee-saved registers survive mcall") {
  // The optimizer keeps these in registers across the call.
  std::uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;
  for (int i = 0; i < 1000; i++) {
    a += b, b += c, c += d, d += e, e += f, f += a;
    rt0::rt0_mcall(look_and_resume);
  }
  std::uint64_t a2 = 1, b2 = 2, c2 = 3, d2 = 4, e2 = 5, f2 = 6;
  for (int i = 0; i < 1000; i++) a2 += b2, b2 += c2, c2 += d2, d2 += e2, e2 += f2, f2 += a2;
  CHECK(a == a2);
  CHECK(b == b2);
  CHECK(c == c2);
  CHECK(d == d2);
  CHECK(e == e2);
  CHECK(f == f2);
}

TEST_CASE("a goroutine begins with its TCB and has a stack of its own") {
  const g* mine = getg();
  std::thread([mine] {
    const g* gp = getg();
    CHECK(gp != mine);
    CHECK(gp->tcb.self == gp);
    CHECK(gp->tcb.canary == mine->tcb.canary);
    CHECK(gp->index != mine->index);
    CHECK(on_stack_of(gp, here()));
    CHECK(gp->parent_goid == mine->goid);
    CHECK(gp->stktopsp <= gp->stack.hi);
    // The frame under the first function returns into rt0_goexit.
    const auto bottom = *reinterpret_cast<const std::uintptr_t*>(gp->stktopsp - 8);
    CHECK(bottom == reinterpret_cast<std::uintptr_t>(rt0::rt0_goexit) + 1);
  }).join();
}

TEST_CASE("rounding mode and x87 control belong to the goroutine, and a new one inherits its creator's") {
  REQUIRE(std::fesetround(FE_UPWARD) == 0);
  std::vector<std::thread> threads;
  for (int mode : {FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST}) {
    threads.emplace_back([mode] {
      CHECK(std::fegetround() == FE_UPWARD);
      std::fesetround(mode);
      for (int i = 0; i < 200; i++) {
        std::this_thread::yield();
        REQUIRE(std::fegetround() == mode);
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(std::fegetround() == FE_UPWARD);
  std::fesetround(FE_TONEAREST);
}
