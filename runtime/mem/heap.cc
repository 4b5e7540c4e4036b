// Three sizes of request:
//
//   small    to 32 KiB   a block of a span of equal blocks: from the P's cache (cache.h), or the centre
//                        (central.h) where there is none
//   medium   to 1 MiB    a run of pages within a chunk (page_heap.h)
//   large                a mapping of its own (large_table.h), given back at once, grown by mremap
//
// calloc clears only what is not known to be zero: new mappings, pages never used, and blocks never used that
// the centre gave itself; a cache's blocks it clears.
//
// What is detected, always fatal: an address that no block begins at (a chunk is known by the map, a span by
// its page, a block by its index; large ones by the table); a second free of a small block, by its seal while
// it is in a cache, by the bitmap when it is back in its span, unless it was handed out again; a write into
// the first 16 bytes of one that is in a cache, when it comes out. A second free of a medium or large block
// is a wrong address.
//
// Rejected: glibc's arenas (memory bound to threads, and a goroutine's M changes); a large limit that adapts
// as glibc's mmap threshold (saves faults of a program that frees and allocates MiBs in turns, at the cost of
// memory that stays).
#include "runtime/mem/heap.h"

#include <cstdint>

#include "runtime/base/debug_options.h"
#include "runtime/base/fatal.h"
#include "runtime/base/tables.h"
#include "runtime/lock/mutex.h"
#include "runtime/mem/cache.h"
#include "runtime/mem/central.h"
#include "runtime/mem/check.h"
#include "runtime/mem/idle.h"
#include "runtime/mem/large_table.h"
#include "runtime/mem/page_heap.h"
#include "runtime/mem/pages.h"

namespace rt0 {
namespace {

constexpr std::size_t medium_limit_bytes = max_run_pages * sys::page_bytes;
constexpr std::size_t max_run_align_bytes = max_run_align_pages * sys::page_bytes;
constexpr std::size_t max_bytes = PTRDIFF_MAX;

struct large_blocks {
  mutex<lock_rank::heap_large> lock;
  large_table table RT0_GUARDED_BY(lock);
};

constinit large_blocks large{};

bool is_checked() { return debug.check != 0; }

std::size_t usable_bytes(const span* s, const void* block) {
  return is_checked() ? checked_bytes(s, block) : size_classes[s->size_class].bytes;
}

// Beyond the bytes, what a block of the class must hold.
std::size_t tail_bytes() { return is_checked() ? check_tail_bytes : 0; }

grant alloc_small(unsigned cls, std::size_t bytes) {
  if (is_checked()) return checked_alloc(cls, bytes);
  heap_cache* cache = getmcache();
  if (cache == nullptr) return central_alloc(cls);
  return {cache_alloc(cache, cls), size_classes[cls].bytes};
}

// The mapping is made and undone outside the lock: the kernel's work must not stop other Ms.
grant alloc_large(std::size_t bytes, std::size_t align) {
  const std::size_t mapped = sys::round_up(bytes == 0 ? 1 : bytes, sys::page_bytes);
  void* at = map_aligned(mapped, align < sys::page_bytes ? sys::page_bytes : align, slack::unmapped);
  if (at == nullptr) return {nullptr, 0};
  {
    lock_guard hold(large.lock);
    if (large.table.reserve()) {
      large.table.insert({reinterpret_cast<std::uintptr_t>(at), mapped});
      return {at, 0};
    }
  }
  unmap_pages(at, mapped);
  return {nullptr, 0};
}

grant alloc(std::size_t bytes) {
  const std::size_t tail = tail_bytes();
  if (bytes <= small_limit_bytes - tail) [[likely]]
    return alloc_small(class_of(bytes + tail), bytes);
  if (bytes <= medium_limit_bytes) return medium_alloc(bytes, 1);
  if (bytes > max_bytes) return {nullptr, 0};
  return alloc_large(bytes, sys::page_bytes);
}

// The entry goes before the mapping: once unmapped, another M's mmap may be given the address and enter it
// anew.
bool free_large(void* block) {
  std::size_t bytes;
  {
    lock_guard hold(large.lock);
    large_block* found = large.table.find(block);
    if (found == nullptr) return false;
    bytes = found->bytes;
    large.table.remove(found);
  }
  unmap_pages(block, bytes);
  return true;
}

void* move(void* block, std::size_t old_bytes, std::size_t bytes) {
  void* to = heap_alloc(bytes);
  if (to == nullptr) return nullptr;
  __builtin_memcpy(to, block, old_bytes < bytes ? old_bytes : bytes);
  heap_free(block);
  return to;
}

// Stays where it is unless more than half of it would be unused.
void* realloc_small(void* block, const span* s, std::size_t bytes) {
  const std::size_t usable = usable_bytes(s, block);
  if (is_checked() && checked_resize(s, block, bytes)) return block;
  if (bytes <= usable && (bytes >= usable / 2 || usable == size_classes[0].bytes)) return block;
  return move(block, usable, bytes);
}

// Grows over free pages behind it, gives back pages at its end.
void* realloc_medium(void* block, span* s, std::size_t bytes) {
  const std::size_t usable = span_bytes(s);
  if (bytes > small_limit_bytes && bytes <= medium_limit_bytes && medium_resize(s, bytes)) return block;
  return move(block, usable, bytes);
}

// The kernel moves the pages, not their bytes. The lock is held over it: the old address may be mapped by
// another M the moment it is free, and must not be entered before our entry is changed. A refusal (no memory;
// the program split the mapping by mprotect) leaves the copy.
void* realloc_large(void* block, std::size_t bytes) {
  std::size_t usable;
  {
    lock_guard hold(large.lock);
    large_block* found = large.table.find(block);
    if (found == nullptr) [[unlikely]]
      fatal("realloc(): invalid pointer");
    usable = found->bytes;
    const std::size_t wanted = sys::round_up(bytes, sys::page_bytes);
    if (wanted == usable) return block;
    if (bytes > medium_limit_bytes) {
      const sys::ret<void*> moved = remap_pages(block, usable, wanted, true);
      if (moved.ok()) {
        large.table.remove(found);
        large.table.insert({reinterpret_cast<std::uintptr_t>(moved.value()), wanted});
        return moved.value();
      }
    }
  }
  return move(block, usable, bytes);
}

}  // namespace

void heap_init(std::uint64_t random) noexcept {
  // The stack lies at the top of user space.
  const auto top = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  ensure(top >> address_bits == 0, "mallocinit: addresses are too long for the chunk map");
  seal_key = random;
}

void* heap_alloc(std::size_t bytes) noexcept { return alloc(bytes).at; }

void* heap_alloc_zeroed(std::size_t bytes) noexcept {
  const grant got = alloc(bytes);
  if (got.at != nullptr) __builtin_memset(got.at, 0, got.dirty_bytes < bytes ? got.dirty_bytes : bytes);
  return got.at;
}

void* heap_alloc_aligned(std::size_t bytes, std::size_t align) noexcept {
  if (align <= block_align_bytes) return heap_alloc(bytes);
  if (align > max_bytes || bytes > max_bytes - align) return nullptr;
  const std::size_t room = bytes + tail_bytes();
  const std::size_t rounded = sys::round_up(room == 0 ? 1 : room, align);
  if (align <= sys::page_bytes && rounded <= small_limit_bytes) {
    // Blocks of a multiple of align are aligned to it, since spans begin at a page; every fourth class is a
    // power of two.
    unsigned cls = class_of(rounded);
    while (size_classes[cls].bytes % align != 0) cls++;
    return alloc_small(cls, bytes).at;
  }
  if (bytes <= medium_limit_bytes && align <= max_run_align_bytes) {
    const std::size_t align_pages = align < sys::page_bytes ? 1 : align / sys::page_bytes;
    return medium_alloc(bytes, static_cast<unsigned>(align_pages)).at;
  }
  return alloc_large(bytes, align).at;
}

void* heap_realloc(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return heap_alloc(bytes);
  if (bytes > max_bytes) return nullptr;
  const block_ref ref = find_small(block);
  if (ref.s != nullptr) return realloc_small(block, ref.s, bytes);
  if (span* s = find_medium(block)) return realloc_medium(block, s, bytes);
  return realloc_large(block, bytes);
}

void heap_free(void* block) noexcept {
  if (block == nullptr) return;
  const block_ref ref = find_small(block);
  if (ref.s != nullptr) {
    if (is_checked()) return checked_free(ref, block);
    if (static_cast<free_block*>(block)->is_sealed()) fatal("free(): double free detected");
    heap_cache* cache = getmcache();
    if (cache != nullptr && ref.s->is_out(ref.index)) return cache_free(cache, ref.s->size_class, block);
    heap_freed();
    return central_free(ref);
  }
  if (span* s = find_medium(block)) {
    heap_freed();
    return medium_free(s);
  }
  if (!free_large(block)) fatal("free(): invalid pointer");
}

std::size_t heap_usable_bytes(const void* block) noexcept {
  if (block == nullptr) return 0;
  if (const block_ref ref = find_small(block); ref.s != nullptr) return usable_bytes(ref.s, block);
  if (const span* s = find_medium(block)) return span_bytes(s);
  lock_guard hold(large.lock);
  const large_block* found = large.table.find(block);
  if (found == nullptr) [[unlikely]]
    fatal("malloc_usable_size(): invalid pointer");
  return found->bytes;
}

std::size_t heap_bytes() noexcept {
  const std::size_t small_bytes = central_measure().mapped_bytes;
  lock_guard hold(large.lock);
  return small_bytes + large.table.mapped_bytes();
}

heap_figures heap_measure() noexcept {
  const central_figures small = central_measure();
  lock_guard hold(large.lock);
  return {small.mapped_bytes, small.in_use_bytes, large.table.mapped_bytes(), large.table.count()};
}

bool heap_trim() noexcept {
  if (heap_cache* cache = getmcache()) cache_purge(cache);
  exchange_return_idle(true);
  return central_return_idle(true);
}

// In the order of their ranks.
void heap_fork_prepare() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS {
  check_lock();
  exchange_lock();
  central_lock();
  large.lock.lock();
}

void heap_fork_parent() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS {
  large.lock.unlock();
  central_unlock();
  exchange_unlock();
  check_unlock();
}

// The locks' words came over as they were, held by this M; who waited for one is not there.
void heap_fork_child() noexcept { heap_fork_parent(); }

}  // namespace rt0
