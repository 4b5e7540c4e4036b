// Chunks and spans: where a block's size is written. free() has an address and nothing else; it finds
//
//   address -> chunk   the address with its low 22 bits cleared, if the chunk map knows it
//   page    -> span    chunk->first_page[page], the page at which the span begins
//   span    -> block   spans[first_page]: the size class, and a bitmap of the blocks in use
//
//   chunk, 4 MiB, aligned:  | page bitmap, first_page[1024], spans[1024] | page | page | ...  | page |
//                           |<---- header: 17 pages, touched as used --->|
//
// No block has a header, so 64 B take 64 B, an overrun hits a neighbour's data and not the heap's, and a
// freed block is never written to. The bitmap tells a double free and a wrong address exactly; next to the
// lock its cost does not show.
//
// Rejected: a header before each block (glibc: 8-16 B each, and the first victim of an overrun); free lists
// threaded through the blocks in the central heap (a cache miss per block to refill a P's cache, and no
// double-free check; the caches themselves may thread theirs); spans of their own allocation (a second
// allocator to bootstrap).
#pragma once
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "runtime/mem/size_class.h"
#include "sys/mem.h"

namespace rt0 {

inline constexpr std::size_t chunk_bytes = std::size_t{4} << 20;
inline constexpr unsigned chunk_pages = chunk_bytes / sys::page_bytes;
inline constexpr std::uint8_t medium_span = 0xff;  // span::size_class of a run that is one block

// A run of pages: equal blocks of one size class, or one medium block. Its record stands in its chunk's
// header, at the index of its first page.
struct span {
  span* next;  // of its class's list of spans with free blocks
  span* prev;
  std::uint16_t first_page;
  std::uint16_t pages;
  std::uint16_t free_blocks;
  std::uint16_t fresh_block;  // blocks from here on were never handed out
  std::uint8_t size_class;
  bool zeroed;                          // its pages came zeroed: so are its blocks from fresh_block on
  std::uint64_t used[max_blocks / 64];  // blocks that do not exist are marked as used
};
static_assert(sizeof(span) == 64, "one cache line");

inline constexpr int address_bits = 47;  // of user space, with four-level page tables

// One bit a page.
class page_bits {
 public:
  unsigned next_clear(unsigned from) const { return next(from, ~std::uint64_t{0}); }
  unsigned next_set(unsigned from) const { return next(from, 0); }
  void set(unsigned first, unsigned count) {
    for (unsigned i = first; i < first + count; i++) words_[i / 64] |= std::uint64_t{1} << i % 64;
  }
  void clear(unsigned first, unsigned count) {
    for (unsigned i = first; i < first + count; i++) words_[i / 64] &= ~(std::uint64_t{1} << i % 64);
  }

 private:
  // The first bit at or after from that is set in word ^ flip; chunk_pages: none.
  unsigned next(unsigned from, std::uint64_t flip) const {
    if (from >= chunk_pages) return chunk_pages;
    std::uint64_t word = (words_[from / 64] ^ flip) & ~std::uint64_t{0} << from % 64;
    for (unsigned i = from / 64;;) {
      if (word != 0) return i * 64 + static_cast<unsigned>(std::countr_zero(word));
      if (++i == chunk_pages / 64) return chunk_pages;
      word = words_[i] ^ flip;
    }
  }

  std::uint64_t words_[chunk_pages / 64];
};

struct chunk {
  chunk* next;  // of its list in page_heap
  chunk* prev;
  std::uint16_t longest_free;  // pages of the longest free run: exact
  std::uint16_t live_spans;    // spans with a block in use; 0: the chunk may be unmapped
  std::uint16_t fresh_page;    // pages from here on were never handed out: they are zero
  page_bits used;
  // The first page of the span that each page belongs to; 0: no block begins here (free, header, inside a
  // medium block).
  std::uint16_t first_page[chunk_pages];
  span spans[chunk_pages];
};

inline constexpr unsigned header_pages = (sizeof(chunk) + sys::page_bytes - 1) / sys::page_bytes;
static_assert(header_pages < 20, "header below 2 % of the chunk");

inline chunk* chunk_of(const void* at) {
  return reinterpret_cast<chunk*>(sys::round_down(reinterpret_cast<std::uintptr_t>(at), chunk_bytes));
}
inline char* span_base(const span* s) {
  return reinterpret_cast<char*>(chunk_of(s)) + std::size_t{s->first_page} * sys::page_bytes;
}
inline std::size_t span_bytes(const span* s) { return std::size_t{s->pages} * sys::page_bytes; }

// Which 4 MiB cells of the address space are chunks: a radix of two levels, a bit a cell, so that a wrong
// address is told without touching it. Read without a lock; a live block's chunk was entered before the block
// was handed out. The first leaf is static: nearly every process has all its mappings within one.
class chunk_map {
 public:
  // False: no memory for a leaf.
  bool enter(const chunk* c) noexcept;
  void leave(const chunk* c) noexcept;
  bool holds(const void* at) const noexcept {
    const std::uintptr_t cell = reinterpret_cast<std::uintptr_t>(at) / chunk_bytes;
    if (cell >= root_cells * leaf_cells) return false;
    // pairs with: enter store(release)
    const leaf* l = root_[cell / leaf_cells].load(std::memory_order_acquire);
    if (l == nullptr) return false;
    return (l->words[cell % leaf_cells / 64].load(std::memory_order_relaxed) >> cell % 64 & 1) != 0;
  }

 private:
  static constexpr std::size_t leaf_cells = 32768;  // a leaf is one page and covers 128 GiB
  static constexpr std::size_t root_cells = (std::size_t{1} << address_bits) / chunk_bytes / leaf_cells;
  struct leaf {
    std::atomic<std::uint64_t> words[leaf_cells / 64];
  };
  void flip(std::uintptr_t cell) noexcept;

  std::atomic<leaf*> root_[root_cells]{};
  leaf first_leaf_{};
  bool first_leaf_in_use_ = false;
};

}  // namespace rt0
