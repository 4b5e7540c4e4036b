// The injected call of preempt.S, and what it must know of the CPU's extended state.
#pragma once
#include <cstdint>

#include "rt0/layout.h"

namespace rt0 {

// What rt0_asyncpreempt saves of the interrupted code, in memory's order.
struct preempt_frame {
  std::uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbx, rdx, rcx, rax, rbp, flags, pc;

  std::uintptr_t sp() const noexcept { return reinterpret_cast<std::uintptr_t>(this + 1) + RED_ZONE_BYTES; }
  // Where it must lie to end with this sp.
  static preempt_frame* ending_at(std::uintptr_t sp) noexcept {
    return reinterpret_cast<preempt_frame*>(sp - RED_ZONE_BYTES) - 1;
  }
};
static_assert(sizeof(preempt_frame) == PREEMPT_FRAME_BYTES);

extern "C" {
// Where inject_asyncpreempt (signal.h) sends an interrupted goroutine. Never called.
void rt0_asyncpreempt();
// The same for code that comes by itself. m->locks must be 0; on a goroutine.
void rt0_attend();
// Calls handler(signal, info, context) with another stack's top as its stack; returns.
void rt0_call_handler(void* stack_hi, void (*handler)(int, void*, void*), int signal, void* info,
                      void* context);

// Set once by find_xstate, before the first injection.
extern std::uint64_t rt0_xstate_mask;   // components that are saved: XCR0's without those below
extern std::uint32_t rt0_xstate_bytes;  // room that they take
extern std::uint8_t rt0_xstate_how;     // XSTATE_FXSAVE, XSTATE_XSAVE or XSTATE_XSAVEC
}

struct cpuid_answer {
  std::uint32_t eax, ebx, ecx, edx;
};
// 4-5 us in a virtual machine, where every CPUID leaves the guest.
inline cpuid_answer cpuid(std::uint32_t leaf, std::uint32_t subleaf) noexcept {
  cpuid_answer r{};
  asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
  return r;
}

// XCR0: the components that the kernel lets programs use. Only where CPUID(1).ECX has OSXSAVE.
inline std::uint64_t xgetbv0() noexcept {
  std::uint32_t lo, hi;
  asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  return std::uint64_t{hi} << 32 | lo;
}

// Finds out how and how much to save. Left out: PKRU, which is the M's (protection keys are no part of a
// goroutine), and AMX's tiles, 8 KiB that would not fit small stacks.
inline void find_xstate(std::uint32_t cpuid1_ecx) noexcept {
  constexpr std::uint32_t osxsave = 1u << 27, has_xsavec = 1u << 1, must_align = 1u << 1;
  constexpr std::uint32_t leaf = 0xd;
  constexpr std::uint64_t pkru = 1u << 9, amx = 3u << 17, legacy = 3;
  if ((cpuid1_ecx & osxsave) == 0) {
    rt0_xstate_bytes = XSTATE_HEADER;
    return;
  }
  const bool compacted = (cpuid(leaf, 1).eax & has_xsavec) != 0;
  rt0_xstate_mask = xgetbv0() & ~(pkru | amx);
  std::uint32_t bytes = XSTATE_HEADER + XSTATE_HEADER_BYTES;
  for (std::uint32_t i = 2; i < 63; i++) {
    if ((rt0_xstate_mask & ~legacy & std::uint64_t{1} << i) == 0) continue;
    const auto [size, offset, flags, unused] = cpuid(leaf, i);
    (void)unused;
    if (compacted) {
      if ((flags & must_align) != 0) bytes = (bytes + XSTATE_ALIGN - 1) & ~std::uint32_t{XSTATE_ALIGN - 1};
      bytes += size;
    } else if (offset + size > bytes) {
      bytes = offset + size;
    }
  }
  rt0_xstate_bytes = bytes;
  rt0_xstate_how = compacted ? XSTATE_XSAVEC : XSTATE_XSAVE;
}

}  // namespace rt0
