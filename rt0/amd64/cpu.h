// What rt0_go learns of the CPU, and the few instructions that C++ asks for by name.
#pragma once
#include <cstdint>

namespace rt0 {

extern "C" {
// Written once by rt0_go, before any C++ that reads them.
extern std::uint8_t rt0_is_intel;                 // CPUID(0) says "GenuineIntel"
extern std::uint32_t rt0_processor_version_info;  // CPUID(1).EAX: family, model, stepping
extern std::uint32_t rt0_cpuid1_ecx;              // CPUID(1).ECX: the features that cost no further CPUID
extern std::uint8_t rt0_has_fsgsbase;  // AT_HWCAP2 bit 1 and not RT0_DEBUG=fsgsbase=0: user code may wrfsbase
}

inline constexpr std::uint32_t cpuid1_ecx_aes = 1u << 25;

// One round of AES: a keyed hash's mixing step. Only where CPUID(1).ECX has cpuid1_ecx_aes.
struct aes_block {
  std::uint64_t lo, hi;
};
inline aes_block aes_round(aes_block state, aes_block key) noexcept {
  using v2 = long long __attribute__((vector_size(16)));
  v2 s{static_cast<long long>(state.lo), static_cast<long long>(state.hi)};
  const v2 k{static_cast<long long>(key.lo), static_cast<long long>(key.hi)};
  asm("aesenc %1, %0" : "+x"(s) : "x"(k));
  return {static_cast<std::uint64_t>(s[0]), static_cast<std::uint64_t>(s[1])};
}

// The floating-point control words, which a new thread inherits from its creator.
struct fp_control {
  std::uint32_t mxcsr;
  std::uint32_t x87_control;
};
inline fp_control read_fp_control() noexcept {
  fp_control now{};
  std::uint16_t x87;
  asm volatile("stmxcsr %0" : "=m"(now.mxcsr));
  asm volatile("fnstcw %0" : "=m"(x87));
  now.x87_control = x87;
  return now;
}

// The hint of a spin loop.
inline void procyield() noexcept { asm volatile("pause" ::: "memory"); }

// Dies by SIGILL where it stands.
[[noreturn]] inline void crash_here() noexcept {
  asm volatile("ud2");
  __builtin_unreachable();
}

}  // namespace rt0
