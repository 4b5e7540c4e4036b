// The central heap: three sizes of request, one lock.
//
//   small    to 32 KiB   a block of a span of equal blocks (size_class.h), found by its class's list
//   medium   to 1 MiB    a run of pages within a chunk (page_heap.h)
//   large                a mapping of its own (large_table.h), given back at once, grown by mremap
//
// calloc clears only what is not known to be zero: a chunk's and a span's pages never used, a new mapping.
//
// One lock now, per-P caches next: take_block and give_block are where a P's cache will be filled and drained
// in batches; what they need of an address (find_block) is read without the lock already. A cache then stands
// before the lock in alloc_small and heap_free, and an M without a P, or in a signal (m->insig), goes on as
// below.
//
// An empty span goes back to its chunk unless it is the last of its class with room: a program that allocates
// and frees one block does not carve a span each time. So at most one empty span a class stays, 1.6 MiB of
// addresses in all, and none holds a chunk back (page_heap.h: resting spans).
//
// What is detected, always fatal: an address that no block begins at (a chunk is known by the map, a span by
// its page, a block by its index; large ones by the table), and a second free of a small block, by the
// bitmap, while its span lives and the block was not handed out again. A second free of a medium or large
// block is a wrong address.
//
// Rejected: glibc's arenas (memory bound to threads, and a goroutine's M changes); a large limit that adapts
// as glibc's mmap threshold (saves faults of a program that frees and allocates MiBs in turns, at the cost of
// memory that stays: the per-P milestone may measure it); a list node inside each free block, as chunk.h
// says.
#include "runtime/mem/heap.h"

#include <cstdint>

#include "runtime/base/fatal.h"
#include "runtime/base/tables.h"
#include "runtime/lock/mutex.h"
#include "runtime/mem/chunk.h"
#include "runtime/mem/large_table.h"
#include "runtime/mem/page_heap.h"
#include "runtime/mem/pages.h"
#include "runtime/mem/size_class.h"

namespace rt0 {
namespace {

constexpr std::size_t medium_limit_bytes = max_run_pages * sys::page_bytes;
constexpr std::size_t max_run_align_bytes = max_run_align_pages * sys::page_bytes;
constexpr std::size_t max_bytes = PTRDIFF_MAX;

// A block and how many of its bytes, from the start, may not be zero.
struct grant {
  void* at;
  std::size_t dirty_bytes;
};

// A block within a chunk; s is nullptr when no block begins at the address.
struct block_ref {
  span* s;
  unsigned index;
};

struct central_heap {
  mutex<lock_rank::heap> lock;
  page_heap pages;                                    // find_chunk needs no lock
  span* room[class_count] RT0_GUARDED_BY(lock) = {};  // spans with free blocks
  large_table large RT0_GUARDED_BY(lock);
};

RT0_TABLE constinit central_heap heap;

void link(span* s) RT0_REQUIRES(heap.lock) {
  span*& head = heap.room[s->size_class];
  s->prev = nullptr;
  s->next = head;
  if (head != nullptr) head->prev = s;
  head = s;
}

void unlink(span* s) RT0_REQUIRES(heap.lock) {
  if (s->prev != nullptr) {
    s->prev->next = s->next;
  } else {
    heap.room[s->size_class] = s->next;
  }
  if (s->next != nullptr) s->next->prev = s->prev;
}

// The bits of a bitmap's word that stand for no block.
std::uint64_t absent_blocks(unsigned blocks, unsigned word) {
  if (blocks >= word * 64 + 64) return 0;
  return blocks <= word * 64 ? ~std::uint64_t{0} : ~std::uint64_t{0} << blocks % 64;
}

span* new_span(unsigned cls) RT0_REQUIRES(heap.lock) {
  const size_class& row = size_classes[cls];
  unsigned dirty_pages;
  span* s = heap.pages.allocate(row.pages, 1, &dirty_pages);
  if (s == nullptr) return nullptr;
  chunk* c = chunk_of(s);
  for (unsigned page = 0; page < row.pages; page++) c->first_page[s->first_page + page] = s->first_page;
  s->free_blocks = row.blocks;
  s->fresh_block = 0;
  s->size_class = static_cast<std::uint8_t>(cls);
  s->zeroed = dirty_pages == 0;
  for (unsigned i = 0; i < max_blocks / 64; i++) s->used[i] = absent_blocks(row.blocks, i);
  link(s);
  return s;
}

// The lowest free block: low blocks are the ones whose pages were touched.
grant take_block(unsigned cls) RT0_REQUIRES(heap.lock) {
  span* s = heap.room[cls];
  if (s == nullptr) {
    s = new_span(cls);
    if (s == nullptr) return {nullptr, 0};
  } else if (s->free_blocks == size_classes[cls].blocks) {
    heap.pages.wake(s);
  }
  unsigned word = 0;
  while (s->used[word] == ~std::uint64_t{0}) word++;  // ends: a span in the list has a free block
  const unsigned index = word * 64 + static_cast<unsigned>(std::countr_one(s->used[word]));
  s->used[word] |= std::uint64_t{1} << index % 64;
  if (--s->free_blocks == 0) unlink(s);
  const std::size_t bytes = size_classes[cls].bytes;
  const bool fresh = index >= s->fresh_block;
  if (fresh) s->fresh_block = static_cast<std::uint16_t>(index + 1);
  return {span_base(s) + index * bytes, fresh && s->zeroed ? 0 : bytes};
}

// Whatever still begins in a surplus chunk is an empty span, kept for its class.
void drop_surplus(chunk* c) RT0_REQUIRES(heap.lock) {
  if (c == nullptr) return;
  for (unsigned page = header_pages; page < chunk_pages; page++) {
    if (c->first_page[page] == page) unlink(&c->spans[page]);
  }
  heap.pages.drop(c);
}

void give_block(span* s, unsigned index) RT0_REQUIRES(heap.lock) {
  const std::uint64_t bit = std::uint64_t{1} << index % 64;
  if ((s->used[index / 64] & bit) == 0) [[unlikely]]
    fatal("free(): double free detected");
  s->used[index / 64] &= ~bit;
  if (s->free_blocks++ == 0) link(s);
  if (s->free_blocks < size_classes[s->size_class].blocks) return;
  if (s->prev == nullptr && s->next == nullptr) return drop_surplus(heap.pages.rest(s));
  unlink(s);
  drop_surplus(heap.pages.release(s));
}

// Without the lock: a live block's span and chunk stay as they are.
block_ref find_block(const void* at) {
  chunk* c = heap.pages.find_chunk(at);
  if (c == nullptr) return {nullptr, 0};
  const std::size_t in_chunk = reinterpret_cast<std::uintptr_t>(at) - reinterpret_cast<std::uintptr_t>(c);
  const unsigned first = c->first_page[in_chunk / sys::page_bytes];
  if (first == 0) return {nullptr, 0};
  span* s = &c->spans[first];
  const std::size_t offset = in_chunk - std::size_t{first} * sys::page_bytes;
  if (s->size_class == medium_span) return {offset == 0 ? s : nullptr, 0};
  const size_class& row = size_classes[s->size_class];
  const unsigned index = block_index(row, offset);
  const bool starts = index < row.blocks && std::size_t{index} * row.bytes == offset;
  return {starts ? s : nullptr, index};
}

std::size_t usable_bytes(const span* s) {
  return s->size_class == medium_span ? span_bytes(s) : size_classes[s->size_class].bytes;
}

unsigned pages_for(std::size_t bytes) {
  return bytes == 0 ? 1 : static_cast<unsigned>(sys::round_up(bytes, sys::page_bytes) / sys::page_bytes);
}

grant alloc_small(unsigned cls) {
  lock_guard hold(heap.lock);
  return take_block(cls);
}

// Precondition: bytes <= medium_limit_bytes, align_pages <= max_run_align_pages.
grant alloc_medium(std::size_t bytes, unsigned align_pages) {
  lock_guard hold(heap.lock);
  unsigned dirty_pages;
  span* s = heap.pages.allocate(pages_for(bytes), align_pages, &dirty_pages);
  if (s == nullptr) return {nullptr, 0};
  s->size_class = medium_span;
  return {span_base(s), dirty_pages * sys::page_bytes};
}

// The mapping is made and undone outside the lock: the kernel's work must not stop other Ms.
grant alloc_large(std::size_t bytes, std::size_t align) {
  const std::size_t mapped = sys::round_up(bytes == 0 ? 1 : bytes, sys::page_bytes);
  void* at = map_aligned(mapped, align < sys::page_bytes ? sys::page_bytes : align, slack::unmapped);
  if (at == nullptr) return {nullptr, 0};
  {
    lock_guard hold(heap.lock);
    if (heap.large.reserve()) {
      heap.large.insert({reinterpret_cast<std::uintptr_t>(at), mapped});
      return {at, 0};
    }
  }
  unmap_pages(at, mapped);
  return {nullptr, 0};
}

grant alloc(std::size_t bytes) {
  if (bytes <= small_limit_bytes) [[likely]]
    return alloc_small(class_of(bytes));
  if (bytes <= medium_limit_bytes) return alloc_medium(bytes, 1);
  if (bytes > max_bytes) return {nullptr, 0};
  return alloc_large(bytes, sys::page_bytes);
}

// The entry goes before the mapping: once unmapped, another M's mmap may be given the address and enter it
// anew.
bool free_large(void* block) {
  std::size_t bytes;
  {
    lock_guard hold(heap.lock);
    large_block* found = heap.large.find(block);
    if (found == nullptr) return false;
    bytes = found->bytes;
    heap.large.remove(found);
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
  const std::size_t usable = usable_bytes(s);
  if (bytes <= usable && (bytes >= usable / 2 || usable == size_classes[0].bytes)) return block;
  return move(block, usable, bytes);
}

// Grows over free pages behind it, gives back pages at its end.
void* realloc_medium(void* block, span* s, std::size_t bytes) {
  const std::size_t usable = span_bytes(s);
  if (bytes > small_limit_bytes && bytes <= medium_limit_bytes) {
    const unsigned pages = pages_for(bytes);
    lock_guard hold(heap.lock);
    if (pages < s->pages) heap.pages.trim(s, pages);
    if (pages <= s->pages || heap.pages.extend(s, pages)) return block;
  }
  return move(block, usable, bytes);
}

// The kernel moves the pages, not their bytes. The lock is held over it: the old address may be mapped by
// another M the moment it is free, and must not be entered before our entry is changed. A refusal (no memory;
// the program split the mapping by mprotect) leaves the copy.
void* realloc_large(void* block, std::size_t bytes) {
  std::size_t usable;
  {
    lock_guard hold(heap.lock);
    large_block* found = heap.large.find(block);
    if (found == nullptr) [[unlikely]]
      fatal("realloc(): invalid pointer");
    usable = found->bytes;
    const std::size_t wanted = sys::round_up(bytes, sys::page_bytes);
    if (wanted == usable) return block;
    if (bytes > medium_limit_bytes) {
      const sys::ret<void*> moved = remap_pages(block, usable, wanted, true);
      if (moved.ok()) {
        heap.large.remove(found);
        heap.large.insert({reinterpret_cast<std::uintptr_t>(moved.value()), wanted});
        return moved.value();
      }
    }
  }
  return move(block, usable, bytes);
}

}  // namespace

void heap_init() noexcept {
  // The stack lies at the top of user space.
  const auto top = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  ensure(top >> address_bits == 0, "mallocinit: addresses are too long for the chunk map");
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
  const std::size_t rounded = sys::round_up(bytes == 0 ? 1 : bytes, align);
  if (align <= sys::page_bytes && rounded <= small_limit_bytes) {
    // Blocks of a multiple of align are aligned to it, since spans begin at a page; every fourth class is a
    // power of two.
    unsigned cls = class_of(rounded);
    while (size_classes[cls].bytes % align != 0) cls++;
    return alloc_small(cls).at;
  }
  if (bytes <= medium_limit_bytes && align <= max_run_align_bytes) {
    return alloc_medium(bytes, pages_for(align)).at;
  }
  return alloc_large(bytes, align).at;
}

void* heap_realloc(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return heap_alloc(bytes);
  if (bytes > max_bytes) return nullptr;
  const block_ref ref = find_block(block);
  if (ref.s == nullptr) return realloc_large(block, bytes);
  if (ref.s->size_class == medium_span) return realloc_medium(block, ref.s, bytes);
  return realloc_small(block, ref.s, bytes);
}

void heap_free(void* block) noexcept {
  if (block == nullptr) return;
  const block_ref ref = find_block(block);
  if (ref.s != nullptr) [[likely]] {
    lock_guard hold(heap.lock);
    if (ref.s->size_class == medium_span) return drop_surplus(heap.pages.release(ref.s));
    return give_block(ref.s, ref.index);
  }
  if (!free_large(block)) fatal("free(): invalid pointer");
}

std::size_t heap_usable_bytes(const void* block) noexcept {
  if (block == nullptr) return 0;
  const block_ref ref = find_block(block);
  if (ref.s != nullptr) return usable_bytes(ref.s);
  lock_guard hold(heap.lock);
  const large_block* found = heap.large.find(block);
  if (found == nullptr) [[unlikely]]
    fatal("malloc_usable_size(): invalid pointer");
  return found->bytes;
}

std::size_t heap_bytes() noexcept {
  lock_guard hold(heap.lock);
  return heap.pages.mapped_bytes() + heap.large.mapped_bytes();
}

void heap_fork_prepare() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { heap.lock.lock(); }
void heap_fork_parent() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { heap.lock.unlock(); }
void heap_fork_child() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { heap.lock.unlock(); }

}  // namespace rt0
