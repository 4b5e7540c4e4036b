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
#include <cstdint>

namespace rt0 {

// mallocinit's place in schedinit: checks that the system's addresses are those that the chunk map can hold.
// No page is touched before the first block.
void heap_init(std::uint64_t random) noexcept;

// malloc and free themselves try the P's cache first (cache.h: cached_alloc, cached_free).
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

struct heap_figures {
  std::size_t chunk_bytes;   // mapped for small and medium blocks
  std::size_t in_use_bytes;  // of these, in blocks that are out: with the program, or in a cache
  std::size_t large_bytes;   // mapped for large blocks
  std::size_t large_blocks;
};
heap_figures heap_measure() noexcept;
// Gives back at once what nobody uses: all but what the other Ps' caches hold. True: there was something. On
// g or g0.
bool heap_trim() noexcept;

// Around fork: prepare takes every lock of the heap; parent and child, each in its process, let go.
//
// They rely on this: the world is stopped, so that no M with a P is in the middle of a cache's use: no P
// changes while the caller forks; and the caller holds no lock of rank heap_check or beyond. An M without a P
// (in a system call's end, sysmon) may be anywhere outside a lock. What it had in hand is lost to the child,
// as its stack is: at most a batch of small blocks, a mapping, or the pages of one chunk that it was
// returning.
//
// In the child every P's cache is whole. Ps that go on use theirs; one that is given up must be purged
// (cache_purge), as procresize does.
void heap_fork_prepare() noexcept;
void heap_fork_parent() noexcept;
void heap_fork_child() noexcept;

}  // namespace rt0
