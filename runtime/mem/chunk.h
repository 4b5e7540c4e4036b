// Chunks and spans: where a block's size is written. free() has an address and nothing else; it finds
//
//   address -> chunk   the address with its low 22 bits cleared, if the chunk map knows it
//   page    -> span    chunk->first_page[page], the page at which the span begins
//   span    -> block   spans[first_page]: the size class, and a bitmap of the blocks in use
//
//   chunk, 4 MiB, aligned:  | page bitmap, first_page[1024], spans[1024] | page | page | ...  | page |
//                           |<---- header: 17 pages, touched as used --->|
//
// No block has a header, so 64 B take 64 B, and an overrun hits a neighbour's data and not the heap's. The
// bitmap says which blocks are out, with the program or in a cache (cache.h), and tells a wrong address from
// a block.
//
// Rejected: a header before each block (glibc: 8-16 B each, and the first victim of an overrun); free lists
// threaded through the blocks of a span (pages never used would be touched to be linked); spans of their own
// allocation (a second allocator to bootstrap).
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
// header, at the index of its first page. What free() reads of it without the lock stays as it is while one
// of its blocks is out.
struct span {
  span* next;  // of its class's list of spans with free blocks
  span* prev;
  std::uint16_t first_page;
  std::uint16_t pages;
  std::uint16_t free_blocks;
  std::uint16_t fresh_block;  // blocks from here on were never handed out
  std::uint16_t blocks;       // 0 in a medium one
  std::uint8_t size_class;
  bool zeroed;               // its pages came zeroed: so are its blocks from fresh_block on
  std::uint32_t reciprocal;  // size_class's
  // Blocks that are out; those that do not exist are marked too. Written under the lock. Relaxed: who gives a
  // block back was given it after its bit was set, and no other bit is asked for.
  std::atomic<std::uint64_t> used[max_span_blocks / 64];

  bool is_out(unsigned index) const {
    return (used[index / 64].load(std::memory_order_relaxed) >> index % 64 & 1) != 0;
  }
};
static_assert(sizeof(span) == 64, "one cache line");

inline constexpr int address_bits = 47;  // of user space, with four-level page tables

// One bit a page.
class page_bits {
 public:
  unsigned next_clear(unsigned from) const { return next(from, ~std::uint64_t{0}); }
  unsigned next_set(unsigned from) const { return next(from, 0); }
  void set(unsigned first, unsigned count) {
    each_word(first, count, [](std::uint64_t& word, std::uint64_t mask) { word |= mask; });
  }
  void clear(unsigned first, unsigned count) {
    each_word(first, count, [](std::uint64_t& word, std::uint64_t mask) { word &= ~mask; });
  }
  // One more than the last set bit in [first, first + count), or first: none.
  unsigned end_of_set(unsigned first, unsigned count) const {
    unsigned end = first + count;
    while (end > first && (words_[(end - 1) / 64] >> (end - 1) % 64 & 1) == 0) end--;
    return end;
  }
  // Pages that are set here and in the other, and clear in the third.
  page_bits common(const page_bits& other, const page_bits& except) const {
    page_bits both{};
    for (unsigned i = 0; i < word_count; i++) {
      both.words_[i] = words_[i] & other.words_[i] & ~except.words_[i];
    }
    return both;
  }
  page_bits complement() const {
    page_bits others{};
    for (unsigned i = 0; i < word_count; i++) others.words_[i] = ~words_[i];
    return others;
  }

 private:
  static constexpr unsigned word_count = chunk_pages / 64;

  template <class F>
  void each_word(unsigned first, unsigned count, F change) {
    const unsigned end = first + count;
    for (unsigned at = first; at < end;) {
      const unsigned next = at / 64 * 64 + 64 < end ? at / 64 * 64 + 64 : end;
      change(words_[at / 64], ~std::uint64_t{0} >> (64 - (next - at)) << at % 64);
      at = next;
    }
  }
  // The first bit at or after from that is set in word ^ flip; chunk_pages: none.
  unsigned next(unsigned from, std::uint64_t flip) const {
    if (from >= chunk_pages) return chunk_pages;
    std::uint64_t word = (words_[from / 64] ^ flip) & ~std::uint64_t{0} << from % 64;
    for (unsigned i = from / 64;;) {
      if (word != 0) return i * 64 + static_cast<unsigned>(std::countr_zero(word));
      if (++i == word_count) return chunk_pages;
      word = words_[i] ^ flip;
    }
  }

  std::uint64_t words_[word_count];
};

struct chunk {
  chunk* next;  // of its list in page_heap
  chunk* prev;
  std::uint16_t longest_free;  // pages of the longest free run: exact
  std::uint16_t live_spans;    // spans with a block in use; 0: the chunk may be unmapped
  std::uint32_t round;         // of returning idle pages: the last that came here
  page_bits used;
  page_bits dirty;   // pages that may not be zero
  page_bits rested;  // pages that were free when the last round came, and since
  // The first page of the span that each page belongs to; 0: no block begins here (free, header, inside a
  // medium block).
  std::uint16_t first_page[chunk_pages];
  alignas(64) span spans[chunk_pages];
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

// The program's chunks. Written under the heap's lock.
extern constinit chunk_map chunks;

// A small block; s is nullptr when no block of a small span begins at the address.
struct block_ref {
  span* s;
  unsigned index;
};

// Without the lock. A page that begins no block leads to the record of page 0, the header's, which has no
// blocks; nor has a medium span.
inline block_ref find_small(const void* at) {
  if (!chunks.holds(at)) [[unlikely]]
    return {nullptr, 0};
  chunk* c = chunk_of(at);
  const std::size_t in_chunk = reinterpret_cast<std::uintptr_t>(at) - reinterpret_cast<std::uintptr_t>(c);
  const std::size_t first = c->first_page[in_chunk / sys::page_bytes];
  span* s = &c->spans[first];
  const auto [index, starts] = block_at(in_chunk - first * sys::page_bytes, s->reciprocal);
  return {starts && index < s->blocks ? s : nullptr, index};
}

// The span of a live medium block, or nullptr. Without the lock.
inline span* find_medium(const void* at) {
  if (!chunks.holds(at)) return nullptr;
  chunk* c = chunk_of(at);
  const std::size_t in_chunk = reinterpret_cast<std::uintptr_t>(at) - reinterpret_cast<std::uintptr_t>(c);
  const std::size_t first = c->first_page[in_chunk / sys::page_bytes];
  if (first == 0 || first * sys::page_bytes != in_chunk) return nullptr;
  return c->spans[first].size_class == medium_span ? &c->spans[first] : nullptr;
}

}  // namespace rt0
