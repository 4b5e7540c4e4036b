// The heap: malloc's work, without its names (runtime/libc/malloc.cc), for the program, the C library and the
// runtime.
//
// Who should not use it: the scheduler's paths, and whoever holds a lock of rank heap. The heap parks nobody
// and takes its one lock for tens of nanoseconds; an M that is out of memory gets nullptr.
//
// Every function runs on g or g0. Blocks are aligned to 16 bytes; zero bytes give a block of their own. An
// address that is not a live block's start is the program's error: fatal.
#pragma once
#include <cstddef>

namespace rt0 {

// mallocinit's place in schedinit: checks that the system's addresses are those that the chunk map can hold.
// No page is touched before the first block.
void heap_init() noexcept;

void* heap_alloc(std::size_t bytes) noexcept;
void* heap_alloc_zeroed(std::size_t bytes) noexcept;
// Precondition: align is a power of two.
void* heap_alloc_aligned(std::size_t bytes, std::size_t align) noexcept;
// nullptr: out of memory, and the old block stays. A null block is an allocation; zero bytes leave a block of
// the smallest size. The alignment of heap_alloc_aligned does not outlive a move.
void* heap_realloc(void* block, std::size_t bytes) noexcept;
// Null: nothing to do.
void heap_free(void* block) noexcept;
// What the block holds, at least what was asked for. Null: 0.
std::size_t heap_usable_bytes(const void* block) noexcept;
// Address space that is mapped for the heap.
std::size_t heap_bytes() noexcept;

// Around fork, so that the child's heap is whole. The world is stopped from before _prepare until after the
// others, so only an M without a P may be in the heap.
void heap_fork_prepare() noexcept;
void heap_fork_parent() noexcept;
void heap_fork_child() noexcept;

}  // namespace rt0
