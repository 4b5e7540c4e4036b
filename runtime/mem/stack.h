// Stacks: slots with a guard below and room for a G and its TLS block at the top, carved from slabs of equal
// slots.
//
//   base            base + guard                                           base + bytes
//   | guard, 5 pages |  stack ...                       | TLS block | G | 0..15 lines |
//
// The guard has five pages because musl has frames of 8 KiB that no compiler probes (traps 10): they must not
// jump it. G moves down by some cache lines from slot to slot, and a slot has an odd number of pages: else
// the Gs of all goroutines would compete for the same few sets of the cache.
//
// A slot is never given back: a G, once made, stays readable (runtime/sched/gfree.h reuses it).
#pragma once
#include <cstddef>
#include <cstdint>

namespace rt0 {

inline constexpr std::size_t stack_guard_bytes = 5 * 4096;
inline constexpr int min_stack_class = 14;  // 16 KiB
inline constexpr int max_stack_class = 30;  // 1 GiB

// A slot of size class k has a stack of at least 2^k bytes, G and TLS of up to 2 KiB included.
struct stack_slot {
  std::uintptr_t base;
  std::size_t bytes;
  std::uint32_t size_class;
};

struct stack_place {
  stack_slot slot;
  std::uintptr_t g;   // where the G goes; its TLS block ends here
  std::uintptr_t lo;  // stack bounds
  std::uintptr_t hi;
};

// The smallest class that holds the bytes; -1 if there is none.
int stack_class_of(std::size_t bytes) noexcept;

// A new slot of zeroes with its guard; g_bytes is the size of a G. error: errno, 0 if it worked; ENOMEM where
// the address space (RLIMIT_AS) or the kernel's number of mappings (vm.max_map_count) is used up: a slot
// without a guard is not given out. Any stack of any M; takes stack_slabs; never parks. Nothing of it is
// touched.
struct stack_alloc_result {
  stack_place place;
  int error;
};
stack_alloc_result stack_alloc(int size_class, std::size_t g_bytes) noexcept;

// Around fork, whose child shall find the slabs whole: lock in the parent, unlock in both.
void stack_slabs_lock() noexcept;
void stack_slabs_unlock() noexcept;

// Gives the pages of a stack that nobody uses back to the system; they read as zeroes then. The page of hi,
// with the TLS block above it and the G, stays.
void stack_return_pages(std::uintptr_t lo, std::uintptr_t hi) noexcept;

}  // namespace rt0
