// What the victim's registers are given, and whether it found them so.
#pragma once
#include <cmath>
#include <cstring>
#include <random>

#include "rt0/arch.h"
#include "tests/runtime/victim.h"

// The components whose values the test can make up and compare; the same choice as preempt.h's would prove
// nothing, so it is written out.
inline std::uint64_t tested_components() {
  constexpr std::uint64_t x87_sse_avx_avx512 = 0xe7;
  return (rt0::rt0_cpuid1_ecx & 1u << 27) != 0 ? rt0::xgetbv0() & x87_sse_avx_avx512 : 0;
}

struct component {
  std::uint32_t offset, bytes;
};
inline component place_of(int i) {
  if (i == 0) return {32, 128};   // the x87 stack, 16 bytes each
  if (i == 1) return {160, 256};  // xmm
  const auto [size, offset, flags, unused] = rt0::cpuid(0xd, static_cast<std::uint32_t>(i));
  return {offset, size};
}

template <class F>
void for_each_component(F visit) {
  for (int i = 0; i < 8; i++) {
    if (i < 2 || (victim_mask >> i & 1) != 0) visit(i, place_of(i));
  }
}

inline void fill(std::mt19937_64& random, void* at, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += 8) {
    const std::uint64_t word = random();
    std::memcpy(static_cast<char*>(at) + i, &word, 8);
  }
}

// New random values for everything, x87's such that its registers keep them (valid, normal).
inline void give(std::mt19937_64& random) {
  victim_block& b = victim_given;
  fill(random, b.gpr, sizeof b.gpr);
  fill(random, b.red_zone, sizeof b.red_zone);
  b.flags = (random() & all_flags) | always_set;
  std::memset(b.xstate, 0, sizeof b.xstate);
  for_each_component([&](int i, component c) {
    if (i != 0) return fill(random, b.xstate + c.offset, c.bytes);
    for (int r = 0; r < 8; r++) {
      const auto mantissa = static_cast<long double>(random() | 1);
      const long double value = std::ldexp(mantissa, static_cast<int>(random() % 999));
      std::memcpy(b.xstate + c.offset + 16 * r, &value, 10);
    }
  });
  const std::uint16_t control = 0x37f & ~static_cast<std::uint16_t>(random() & 0x300);  // any precision
  const std::uint8_t tags = 0xff;  // eight registers in use
  const std::uint32_t mxcsr = 0x1f80 | static_cast<std::uint32_t>(random() & 0x603f);
  std::memcpy(b.xstate, &control, 2);
  std::memcpy(b.xstate + 4, &tags, 1);
  std::memcpy(b.xstate + 24, &mxcsr, 4);
  std::memcpy(b.xstate + 512, &victim_mask, 8);
}

using say_change_fn = void (*)(const char* what, int i);

inline bool differs(say_change_fn say, const char* what, int i, const void* given, const void* found,
                    std::size_t bytes) {
  if (std::memcmp(given, found, bytes) == 0) return false;
  say(what, i);
  return true;
}

// How many of the things that were given are not as they were; says each.
inline int mismatches(say_change_fn say) {
  const victim_block &given = victim_given, &found = victim_found;
  int n = 0;
  for (int i = 0; i < 16; i++) {
    if (i != place_of_rcx) n += differs(say, "register", i, &given.gpr[i], &found.gpr[i], 8);
    n += differs(say, "red zone", i, &given.red_zone[i], &found.red_zone[i], 8);
  }
  n += differs(say, "flags", 0, &given.flags, &found.flags, 8);
  n += differs(say, "x87 control word", 0, given.xstate, found.xstate, 2);
  n += differs(say, "x87 tags", 0, given.xstate + 4, found.xstate + 4, 1);
  n += differs(say, "mxcsr", 0, given.xstate + 24, found.xstate + 24, 4);
  for_each_component([&](int i, component c) {
    if (i != 0) {
      n += differs(say, "component", i, given.xstate + c.offset, found.xstate + c.offset, c.bytes);
      return;
    }
    for (std::uint32_t r = 0; r < c.bytes; r += 16) {
      n += differs(say, "x87 register", static_cast<int>(r / 16), given.xstate + c.offset + r,
                   found.xstate + c.offset + r, 10);
    }
  });
  return n;
}
