// preempt_victim.S and how its tests interrupt it.
#pragma once
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "rt0/arch.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/signal.h"
#include "sys/signal.h"

struct alignas(64) victim_block {
  std::uint64_t gpr[16];
  std::uint64_t flags;
  std::uint64_t red_zone[16];
  alignas(64) unsigned char xstate[16384 - 320];
};
static_assert(sizeof(victim_block) == 16384 && offsetof(victim_block, xstate) == 320);

extern "C" {
void victim_spin();
extern const char victim_filled[], victim_loop_end[];
extern victim_block victim_given, victim_found;
extern std::atomic<std::uint64_t> victim_stop;
extern std::uint64_t victim_mask;
}

inline constexpr int place_of_rcx = 2, place_of_rsp = 7;
// CF PF AF ZF SF DF OF: all that a program may leave set. Bit 1 is always 1, IF too.
inline constexpr std::uint64_t all_flags = 0xcd5, always_set = 0x202;

// SIGURG to this M every period_ns, and each time somebody has asked for it: p->preempt is set in the
// handler, or the goroutine that asks could be the one that gives way, and nobody would ask again.
class urging {
 public:
  explicit urging(long period_ns) {
    const auto ask_first = [](int signal, void* info, void* ucontext) {
      if (rt0::getm()->p != nullptr) rt0::getm()->p->preempt.store(true, std::memory_order_relaxed);
      rt0::rt0_sigtramp(signal, info, ucontext);
    };
    (void)rt0::sys::set_handler(SIGURG, ask_first, rt0::rt0_sigreturn);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGURG;
    event._sigev_un._tid = static_cast<int>(syscall(SYS_gettid));
    const itimerspec every{{0, period_ns}, {0, period_ns}};
    made_ = syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id_) == 0 &&
            syscall(SYS_timer_settime, id_, 0, &every, nullptr) == 0;
  }
  ~urging() {
    syscall(SYS_timer_delete, id_);
    (void)rt0::sys::set_handler(SIGURG, rt0::rt0_sigtramp, rt0::rt0_sigreturn);
    rt0::getm()->p->preempt.store(false, std::memory_order_relaxed);
  }
  bool made() const { return made_; }

 private:
  int id_ = 0;
  bool made_;
};

inline std::uint64_t injected() { return rt0::preempted.injected.load(std::memory_order_relaxed); }
