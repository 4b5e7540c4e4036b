// A preempted goroutine, and one in a signal handler, can be walked: libgcc's unwinder crosses the frames
// that no compiler made, at every instruction of rt0_asyncpreempt, and finds every register.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <signal.h>
#include <sys/syscall.h>
#include <unwind.h>

#include <atomic>
#include <bitset>
#include <random>
#include <thread>

#include "rt0/arch.h"
#include "runtime/sched/sched.h"
#include "sys/process.h"
#include "sys/signal.h"
#include "tests/runtime/seed.h"
#include "tests/runtime/victim.h"

extern "C" const char look_then_resume[];

namespace {

constexpr std::uint64_t trap_flag = 0x100;
constexpr int place_of_dwarf[16] = {0, 3, 2, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// What a walk met, from its own frame outwards.
struct walk {
  bool asyncpreempt = false, victim = false, caller = false;
  bool exact = false;  // the victim's pc is the interrupted one
  int wrong_registers = 0;
  int frames = 0;
};

[[gnu::noinline]] void call_victim() {
  victim_spin();
  asm volatile("" ::: "memory");  // no tail call: this frame is looked for
}

void* enclosing(std::uintptr_t pc) { return _Unwind_FindEnclosingFunction(reinterpret_cast<void*>(pc)); }

_Unwind_Reason_Code visit(_Unwind_Context* context, void* arg) {
  auto& w = *static_cast<walk*>(arg);
  int is_interrupted = 0;
  const std::uintptr_t pc = _Unwind_GetIPInfo(context, &is_interrupted);
  w.frames++;
  const auto begin = reinterpret_cast<std::uintptr_t>(victim_filled);
  const auto end = reinterpret_cast<std::uintptr_t>(victim_loop_end);
  void* const function = enclosing(is_interrupted != 0 ? pc + 1 : pc);
  if (function == reinterpret_cast<void*>(&rt0::rt0_asyncpreempt)) w.asyncpreempt = true;
  if (pc >= begin && pc < end) {
    w.victim = true;
    w.exact = is_interrupted != 0;
    for (int r = 0; r < 16; r++) {
      if (place_of_dwarf[r] == place_of_rcx) continue;
      const std::uint64_t found = r == 7 ? _Unwind_GetCFA(context) : _Unwind_GetGR(context, r);
      if (found != victim_given.gpr[place_of_dwarf[r]]) w.wrong_registers++;
    }
  }
  if (w.victim && function == reinterpret_cast<void*>(&call_victim)) w.caller = true;
  return _URC_NO_REASON;
}

walk look() {
  walk w;
  _Unwind_Backtrace(visit, &w);
  return w;
}

bool complete(const walk& w) { return w.victim && w.exact && w.caller && w.wrong_registers == 0; }

walk resumed, handled;
int resumes = 0;
// The switch that led here is not finished yet: no other may come before it is.
extern "C" void look_when_resumed() {
  rt0::m_locks_inc();
  resumed = look();
  resumes++;
  rt0::m_locks_dec();
}

// A parked goroutine was made to give way while all of the victim's registers were filled.
bool was_interrupted_as_victim(const rt0::g* gp) {
  const std::uint64_t sp = victim_given.gpr[place_of_rsp];  // the victim's own note
  if (sp <= gp->stack.lo || sp >= gp->stack.hi) return false;
  const auto pc = *reinterpret_cast<const std::uintptr_t*>(sp - PREEMPT_ENTRY_BYTES);
  return gp->sched.pc == reinterpret_cast<std::uintptr_t>(rt0::rt0_resume) &&
         pc >= reinterpret_cast<std::uintptr_t>(victim_filled) &&
         pc < reinterpret_cast<std::uintptr_t>(victim_loop_end);
}

void give(std::mt19937_64& random, std::uint64_t flags) {
  for (auto& word : victim_given.gpr) word = random();
  victim_given.flags = flags | always_set;
  victim_given.gpr[place_of_rsp] = 0;
  victim_mask = 0;
  asm volatile("fxsave64 %0" : "=m"(victim_given.xstate));
}

// Single steps: each pc inside rt0_asyncpreempt at which a walk was complete, or was not.
std::bitset<512> good_at, bad_at;
rt0::g* walked = nullptr;
// How often the call began anew. Not how often its caller was seen parked: that may be the same park again.
std::size_t last_at = 0;
std::atomic<int> calls{0};
void stepped(int, void*, void* ucontext) {
  if (rt0::getg() != walked || victim_stop != 0) return;  // the other's, or after the victim
  const std::uintptr_t at =
      rt0::interrupted_pc(ucontext) - reinterpret_cast<std::uintptr_t>(&rt0::rt0_asyncpreempt);
  if (at >= good_at.size() || enclosing(rt0::interrupted_pc(ucontext) + 1) != &rt0::rt0_asyncpreempt) return;
  if (at < last_at) calls++;
  last_at = at;
  const walk w = look();
  (complete(w) && w.asyncpreempt ? good_at : bad_at)[at] = true;
}

void clear_trap_flag() { __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~0x100ULL); }

}  // namespace

TEST_CASE("from inside the injected call, out to the caller of the interrupted function") {
  rt0::preempt_init();
  std::mt19937_64 random(test_seed());
  give(random, 0);
  rt0::g* const victim = rt0::getg();
  victim_stop = 0;
  std::thread other([&] {
    while (!was_interrupted_as_victim(victim)) std::this_thread::yield();
    victim->sched.pc = reinterpret_cast<std::uintptr_t>(look_then_resume);
    victim_stop = 1;
  });
  const urging timer(50'000);
  REQUIRE(timer.made());
  call_victim();
  other.join();
  REQUIRE(resumes == 1);
  CHECK(resumed.asyncpreempt);
  CHECK(complete(resumed));
  CHECK(resumed.frames > 6);
}

TEST_CASE("from a handler of the runtime's, over its restorer") {
  std::mt19937_64 random(test_seed());
  give(random, all_flags);
  handled = {};
  const auto handler = [](int, void*, void*) {
    handled = look();
    victim_stop = 1;
  };
  REQUIRE(rt0::sys::set_handler(SIGUSR1, handler, rt0::rt0_sigreturn).ok());
  victim_stop = 0;
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGUSR1;
  event._sigev_un._tid = rt0::sys::gettid();
  int id = 0;
  REQUIRE(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id) == 0);
  const itimerspec once{{0, 0}, {0, 20'000'000}};
  REQUIRE(syscall(SYS_timer_settime, id, 0, &once, nullptr) == 0);
  call_victim();
  syscall(SYS_timer_delete, id);
  CHECK(complete(handled));
  CHECK_FALSE(handled.asyncpreempt);
}

TEST_CASE("at every instruction of the injected call") {
  rt0::preempt_init();
  std::mt19937_64 random(test_seed());
  // The kernel's handler: a program's would be called on the stack that is stepped through.
  REQUIRE(rt0::sys::set_handler(SIGTRAP, stepped, rt0::rt0_sigreturn).ok());
  walked = rt0::getg();
  std::thread other([&] {
    while (calls < 3) std::this_thread::yield();
    victim_stop = 1;
    clear_trap_flag();
  });
  give(random, all_flags | trap_flag);
  victim_stop = 0;
  {
    const urging timer(200'000);
    REQUIRE(timer.made());
    call_victim();
    clear_trap_flag();
  }
  other.join();
  rt0::sys::default_action(SIGTRAP);
  MESSAGE(good_at.count() << " instructions");
  CHECK(bad_at.none());
  for (std::size_t at = 0; at < bad_at.size(); at++) {
    if (bad_at[at]) MESSAGE("at +" << at);
  }
  CHECK(good_at.count() > 50);
  CHECK(good_at[1]);  // the first step that a trap is seen after
}
