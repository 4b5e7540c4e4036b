// The runtime's own signals from inside: when SIGURG is refused, sigaltstack, what a mask may not block.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <alloca.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "rt0/arch.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/signal.h"
#include "sys/process.h"
#include "sys/signal.h"

namespace {

void ask(bool whether = true) { rt0::getm()->p->preempt.store(whether, std::memory_order_relaxed); }

// Sends SIGURG from here, so that the interrupted pc is the test's and not the core's.
[[gnu::always_inline]] inline void urge() {
  const int pid = rt0::sys::getpid(), tid = rt0::sys::gettid();
  rt0::raw_syscall(SYS_tgkill, pid, tid, SIGURG);
}

// How much the one counter rises while f runs; all the others stay.
template <class F>
std::uint64_t counted(std::atomic<std::uint64_t>& of, F f) {
  const auto total = [] {
    const auto& p = rt0::preempted;
    return p.injected + p.unwanted + p.in_core + p.locked + p.nested + p.not_running + p.off_the_stack;
  };
  const std::uint64_t before = of, total_before = total();
  f();
  const std::uint64_t now = of - before;
  CHECK(total() - total_before == now);
  return now;
}

struct ready {
  ready() {
    rt0::preempt_init();
    ask(false);
  }
  ~ready() { ask(false); }
};

}  // namespace

TEST_CASE_FIXTURE(ready, "SIGURG that nobody wants, and one that somebody does") {
  CHECK(counted(rt0::preempted.unwanted, urge) == 1);
  std::atomic<int> turns{0};
  std::thread other([&] { turns++; });
  CHECK(counted(rt0::preempted.injected, [] { ask(), urge(); }) == 1);
  CHECK(turns == 1);
  CHECK_FALSE(rt0::getm()->p->preempt);
  other.join();
}

TEST_CASE_FIXTURE(ready, "the request is taken off the M, whatever becomes of it") {
  rt0::getm()->signal_pending = 1;
  urge();
  CHECK(rt0::getm()->signal_pending == 0);
}

TEST_CASE_FIXTURE(ready, "refused in the core") {
  ask();
  const int pid = rt0::sys::getpid(), tid = rt0::sys::gettid();
  CHECK(counted(rt0::preempted.in_core, [&] { (void)rt0::sys::tgkill(pid, tid, SIGURG); }) == 1);
  CHECK(rt0::getm()->p->preempt);
}

TEST_CASE_FIXTURE(ready, "refused with m->locks raised, and in a handler") {
  ask();
  rt0::m_locks_inc();
  CHECK(counted(rt0::preempted.locked, urge) == 1);
  rt0::m_locks_dec();
  rt0::getm()->insig = 1;  // as if under another handler
  CHECK(counted(rt0::preempted.nested, urge) == 1);
  rt0::getm()->insig = 0;
}

TEST_CASE_FIXTURE(ready, "refused on g0") {
  ask();
  CHECK(counted(rt0::preempted.not_running, [] { rt0::rt0_systemstack([](void*) { urge(); }, nullptr); }) ==
        1);
}

TEST_CASE_FIXTURE(ready, "refused on a stack of the program's own") {
  static char own[64 * 1024];
  const int pid = rt0::sys::getpid(), tid = rt0::sys::gettid();
  const auto from_there = [&] {
    long result = SYS_tgkill;
    asm volatile("xchg %%rsp, %[sp]\n\tsyscall\n\txchg %%rsp, %[sp]"
                 : "+a"(result)
                 : "D"(pid), "S"(tid), "d"(SIGURG), [sp] "b"(own + sizeof own)
                 : "rcx", "r11", "memory");
  };
  ask();
  CHECK(counted(rt0::preempted.off_the_stack, from_there) == 1);
}

namespace {
// Calls urge with this much stack left.
[[gnu::noinline]] void urge_with(std::size_t left) {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  auto* room = static_cast<volatile char*>(alloca(here - rt0::getg()->stack.lo - left));
  room[0] = 1;
  urge();
}
}  // namespace

TEST_CASE_FIXTURE(ready, "refused with too little stack, not with enough") {
  std::thread([] {
    ask();
    CHECK(counted(rt0::preempted.off_the_stack, [] { urge_with(1024); }) == 1);
    CHECK(counted(rt0::preempted.off_the_stack, [] { urge_with(rt0::rt0_xstate_bytes + 3000); }) == 1);
    CHECK(counted(rt0::preempted.injected, [] { urge_with(rt0::rt0_xstate_bytes + 5500); }) == 1);
  }).join();
}

TEST_CASE("no mask blocks SIGURG") {
  sigset_t all, before, now;
  sigfillset(&all);
  REQUIRE(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
  REQUIRE(pthread_sigmask(SIG_BLOCK, &all, &now) == 0);
  CHECK(sigismember(&now, SIGURG) == 0);
  CHECK(sigismember(&now, SIGUSR1) == 1);
  CHECK(sigismember(&now, SIGSEGV) == 1);
  REQUIRE(sigprocmask(SIG_BLOCK, nullptr, &now) == 0);
  CHECK(sigismember(&now, SIGURG) == 0);
  REQUIRE(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
}

TEST_CASE("a program's handler for SIGURG is remembered, and preemption goes on") {
  struct sigaction own {
  }, before{}, now{};
  own.sa_handler = [](int) {};
  REQUIRE(sigaction(SIGURG, &own, &before) == 0);
  CHECK((before.sa_handler == SIG_DFL));
  REQUIRE(sigaction(SIGURG, nullptr, &now) == 0);
  CHECK((now.sa_handler == own.sa_handler));
  rt0::preempt_init();
  CHECK(counted(rt0::preempted.unwanted, urge) == 1);
  REQUIRE(sigaction(SIGURG, &before, nullptr) == 0);
}

TEST_CASE("the program's handlers are known, the runtime's own are not among them") {
  rt0::preempt_init();
  const auto has = [](int signal) { return (rt0::sched.handled & rt0::sys::sig_bit(signal)) != 0; };
  CHECK_FALSE(has(SIGURG));
  struct sigaction own {
  }, before{};
  own.sa_handler = [](int) {};
  REQUIRE(sigaction(SIGUSR1, &own, &before) == 0);
  CHECK(has(SIGUSR1));
  REQUIRE(sigaction(SIGUSR1, &before, nullptr) == 0);
  CHECK_FALSE(has(SIGUSR1));
}

namespace {

stack_t kernels_own() {
  stack_t now{};
  rt0::raw_syscall(SYS_sigaltstack, 0, reinterpret_cast<long>(&now));
  return now;
}

struct altstack_before {
  stack_t was{};
  altstack_before() {
    REQUIRE(sigaltstack(nullptr, &was) == 0);
    const stack_t none{nullptr, SS_DISABLE, 0};
    REQUIRE(sigaltstack(&none, nullptr) == 0);
  }
  ~altstack_before() { sigaltstack(&was, nullptr); }
};

std::atomic<std::uintptr_t> handler_sp{0};
void note_sp(int) { handler_sp = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

}  // namespace

TEST_CASE_FIXTURE(altstack_before, "sigaltstack answers the old one and checks as Linux does") {
  static char buffer[32768];
  stack_t old{};
  REQUIRE(sigaltstack(nullptr, &old) == 0);
  CHECK(old.ss_flags == SS_DISABLE);
  CHECK(old.ss_size == 0);

  const stack_t mine{buffer, 0, sizeof buffer};
  REQUIRE(sigaltstack(&mine, &old) == 0);
  CHECK(old.ss_flags == SS_DISABLE);
  stack_t now{};
  REQUIRE(sigaltstack(nullptr, &now) == 0);
  CHECK(now.ss_sp == buffer);
  CHECK(now.ss_size == sizeof buffer);
  CHECK(now.ss_flags == 0);

  const stack_t small{buffer, 0, 2047}, strange{buffer, 4, sizeof buffer};
  errno = 0;
  CHECK(sigaltstack(&small, nullptr) == -1);
  CHECK(errno == ENOMEM);
  CHECK(sigaltstack(&strange, nullptr) == -1);
  CHECK(errno == EINVAL);
  REQUIRE(sigaltstack(nullptr, &now) == 0);
  CHECK(now.ss_size == sizeof buffer);

  stack_t both{buffer, 1 << 31, 4096};  // SS_AUTODISARM; the old one goes where the new one came from
  REQUIRE(sigaltstack(&both, &both) == 0);
  CHECK(both.ss_size == sizeof buffer);
  REQUIRE(sigaltstack(nullptr, &now) == 0);
  CHECK(now.ss_flags == 1 << 31);
  CHECK(now.ss_size == 4096);

  const stack_t none{buffer, SS_DISABLE, 1};
  REQUIRE(sigaltstack(&none, nullptr) == 0);
  REQUIRE(sigaltstack(nullptr, &now) == 0);
  CHECK(now.ss_flags == SS_DISABLE);
  CHECK(now.ss_sp == nullptr);
}

TEST_CASE_FIXTURE(altstack_before, "a signal stack is the thread's, and never the kernel's") {
  static char buffer[32768];
  rt0::preempt_init();
  urge();  // m0's gsignal learns its bounds with the first signal
  const rt0::g* gsignal = rt0::getm()->gsignal;
  const stack_t mine{buffer, 0, sizeof buffer};
  const auto mine_lo = reinterpret_cast<std::uintptr_t>(buffer);
  REQUIRE(sigaltstack(&mine, nullptr) == 0);
  std::thread([] {
    stack_t now{};
    CHECK(sigaltstack(nullptr, &now) == 0);
    CHECK(now.ss_flags == SS_DISABLE);
  }).join();
  CHECK(reinterpret_cast<std::uintptr_t>(kernels_own().ss_sp) == gsignal->stack.lo);

  struct sigaction own {
  }, before{};
  own.sa_handler = note_sp;
  own.sa_flags = SA_ONSTACK;
  REQUIRE(sigaction(SIGUSR1, &own, &before) == 0);
  CHECK(raise(SIGUSR1) == 0);
  CHECK((handler_sp >= mine_lo && handler_sp < mine_lo + sizeof buffer));
  own.sa_flags = 0;
  REQUIRE(sigaction(SIGUSR1, &own, nullptr) == 0);
  CHECK(raise(SIGUSR1) == 0);
  const rt0::g* gp = rt0::getg();
  CHECK((handler_sp >= gp->stack.lo && handler_sp < gp->stack.hi));
  REQUIRE(sigaction(SIGUSR1, &before, nullptr) == 0);
}
