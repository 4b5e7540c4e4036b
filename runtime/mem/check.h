// RT0_DEBUG=check=1: small blocks that tell what a program did to them. For finding a fault, at some cost in
// time; without it nothing here runs.
//
//   in use   | the program's bytes | 0xbd ... | its size, sealed |
//   free     | 0xdb ...                       | "free", sealed   |
//
// Told, with the address, and fatal: at free and realloc, that bytes behind the block's end were written, and
// a second free; when a freed block comes into use again, that it was written to. A freed block does so after
// at least quarantine_blocks others were freed, so that the stale pointer meets 0xdb for a while.
//
// No P has a cached block in this mode: a cache is never filled, so its fast path finds nothing, and pays
// nothing for the mode.
//
// Not watched: medium and large blocks, whose ends are pages, and reads.
#pragma once
#include <cstddef>

#include "runtime/mem/central.h"

namespace rt0 {

// What a block of a class has for its owner's size.
inline constexpr std::size_t check_tail_bytes = 8;

// Precondition: bytes + check_tail_bytes fit the class.
grant checked_alloc(unsigned size_class, std::size_t bytes) noexcept;
void checked_free(block_ref, void* block) noexcept;
// What was asked for.
std::size_t checked_bytes(const span*, const void* block) noexcept;
// The block has so many bytes now, or false: they do not fit.
bool checked_resize(const span*, void* block, std::size_t bytes) noexcept;

// Pages that were another class's before are blocks of this one now. What lies there is not ours, though it
// may look so: a span of the class, freed, then another's that left gaps, then the class again.
void check_forget(const span*) noexcept;

void check_lock() noexcept;
void check_unlock() noexcept;

}  // namespace rt0
