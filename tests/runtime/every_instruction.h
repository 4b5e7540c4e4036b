// Preemption at every instruction: the CPU's trap flag stops a goroutine after each one, and the handler
// makes the decision that SIGURG's makes. What the core's own text is protected by is that it refuses; what
// all other text is protected by is nothing, so there the goroutine gives way at every single instruction.
//
// The flag travels as the CPU has it: a goroutine that gave way has it in its saved flags, one that parked
// leaves it to whoever runs next on the M. So each goroutine of a workload raises it again now and then.
#pragma once
#include <elf.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "rt0/arch.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/signal.h"
#include "sys/signal.h"

namespace every_instruction {

inline constexpr std::uint64_t trap_flag = 0x100;
inline constexpr std::size_t uc_eflags = UC_RIP + 8;
inline constexpr unsigned whole_way_every = 1024;

inline std::atomic<bool> stepping{false};
inline std::atomic<std::uint64_t> steps{0}, returns{0}, no_p{0}, masks{0}, spared{0};

// Where a goroutine was made to give way last: the trap after the injected call's return finds it there
// again, with that instruction still to run.
struct place {
  std::uintptr_t pc, sp;
};
inline place last[1 << 16];

inline void count(std::atomic<std::uint64_t>& n) { n.fetch_add(1, std::memory_order_relaxed); }

// The vDSO reads the clock again if the kernel moved it meanwhile, which it does a thousand times a second:
// who gives way at each of its instructions never comes to an end. Now and then only.
inline constexpr std::uint64_t in_vdso_every = 61;
inline constexpr std::uintptr_t vdso_bytes = 4 * 4096;
inline std::uintptr_t vdso = 0;

// With SIGTRAP blocked a trap kills: no step beyond a change of the mask. (The runtime blocks all signals
// around clone.)
inline bool changes_mask(std::uintptr_t pc, void* ucontext) {
  unsigned char code[2];
  std::memcpy(code, reinterpret_cast<const void*>(pc), sizeof code);
  return code[0] == 0x0f && code[1] == 0x05 && rt0::context_word(ucontext, UC_RAX) == SYS_rt_sigprocmask;
}

inline void stepped(int, void* info, void* ucontext) {
  std::uint64_t& flags = rt0::context_word(ucontext, uc_eflags);
  const std::uintptr_t pc = rt0::interrupted_pc(ucontext), sp = rt0::interrupted_sp(ucontext);
  const auto injected_call = reinterpret_cast<std::uintptr_t>(&rt0::rt0_asyncpreempt);
  steps.fetch_add(1, std::memory_order_relaxed);
  if (!stepping.load(std::memory_order_relaxed)) {
    flags &= ~trap_flag;
    return;
  }
  if (changes_mask(pc, ucontext)) {
    count(masks);
    flags &= ~trap_flag;
    return;
  }
  // The injected call has saved its flags. Through the scheduler and back step by step only now and then:
  // each step of it is refused.
  if (pc == injected_call + 1 && steps % whole_way_every != 0) {
    flags &= ~trap_flag;
    return;
  }
  rt0::m* mp = rt0::getm();
  rt0::p* pp = mp->p;
  if (pp == nullptr) return count(no_p);
  place& here = last[rt0::getg()->index % std::size(last)];
  if (here.pc == pc && here.sp == sp) {
    here = {};
    return count(returns);
  }
  // Not left standing where it is refused: the core, which looks at it too, would go other ways than it does.
  if (pc - vdso < vdso_bytes && steps % in_vdso_every != 0) return count(spared);
  const bool before = pp->preempt.exchange(true, std::memory_order_relaxed);
  rt0::rt0_sigtramp(SIGURG, info, ucontext);
  if (rt0::interrupted_pc(ucontext) == injected_call) {
    here = {pc, sp};
  } else {
    pp->preempt.store(before, std::memory_order_relaxed);
  }
}

inline void begin() {
  rt0::preempt_init();
  vdso = getauxval(AT_SYSINFO_EHDR);
  (void)rt0::sys::set_handler(SIGTRAP, stepped, rt0::rt0_sigreturn);
  stepping = true;
}
inline void end() { stepping = false; }

// From the next instruction on, here.
[[gnu::always_inline]] inline void arm() {
  if (stepping.load(std::memory_order_relaxed)) {
    __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | trap_flag);
  }
}

}  // namespace every_instruction
