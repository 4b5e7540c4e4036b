// Size classes: which block size serves a request, and how many pages a span of such blocks has.
//
// 16-byte steps to 128, then four steps per doubling to 32 KiB: at most 20 % of a block is rounding (25 % of
// the request, just above a power of two). Rejected: Go's 67 classes, tuned by hand against tail waste (a
// table to read instead of a rule); eight steps per doubling (half the rounding, but twice the lists, and
// twice the entries in every P's cache).
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "sys/mem.h"

namespace rt0 {

inline constexpr unsigned class_count = 40;
inline constexpr std::size_t small_limit_bytes = 32 * 1024;
inline constexpr std::size_t block_align_bytes = 16;
inline constexpr unsigned max_span_blocks = 256;  // a span's bitmap is four words
inline constexpr unsigned max_span_pages = 40;
inline constexpr std::uint32_t batch_bytes = 8 * 1024;
inline constexpr std::uint32_t max_batch = 32;

struct size_class {
  std::uint32_t bytes;
  std::uint32_t reciprocal;  // ceil(2^32 / bytes): offset * reciprocal >> 32 is the block's index
  std::uint16_t pages;
  std::uint16_t blocks;
  std::uint32_t batch;  // blocks that move between a P's cache and the centre at once
};

// The smallest class whose blocks hold bytes. Precondition: bytes <= small_limit_bytes.
constexpr unsigned class_of(std::size_t bytes) {
  if (bytes <= 128) return bytes == 0 ? 0 : static_cast<unsigned>((bytes - 1) / 16);
  const std::size_t last = bytes - 1;
  const unsigned top = static_cast<unsigned>(std::bit_width(last)) - 1;
  return 8 + (top - 7) * 4 + static_cast<unsigned>((last >> (top - 2)) & 3);
}

namespace size_class_detail {

constexpr std::uint32_t bytes_of(unsigned c) {
  if (c < 8) return 16 * (c + 1);
  const unsigned top = 7 + (c - 8) / 4;
  return (1u << top) + (((c - 8) % 4 + 1) << (top - 2));
}

// About 16 KiB, at least four blocks, at most 256, and at most 1/16 lost behind the last block.
constexpr std::uint16_t pages_of(std::size_t block_bytes) {
  std::size_t bytes = 16 * 1024;
  if (bytes > max_span_blocks * block_bytes) bytes = max_span_blocks * block_bytes;
  if (bytes < 4 * block_bytes) bytes = 4 * block_bytes;
  std::size_t pages = sys::round_up(bytes, sys::page_bytes) / sys::page_bytes;
  while (pages * sys::page_bytes % block_bytes * 16 > pages * sys::page_bytes) pages++;
  return static_cast<std::uint16_t>(pages);
}

// A page or two: the lock's cost is shared by many blocks, and a P that caches them has little of each class.
constexpr std::uint32_t batch_of(std::uint32_t block_bytes) {
  const std::uint32_t fit = batch_bytes / block_bytes;
  return fit == 0 ? 1 : fit > max_batch ? max_batch : fit;
}

constexpr std::array<size_class, class_count> make_table() {
  std::array<size_class, class_count> table{};
  for (unsigned c = 0; c < class_count; c++) {
    const std::uint32_t bytes = bytes_of(c);
    const std::uint16_t pages = pages_of(bytes);
    const std::size_t fit = pages * sys::page_bytes / bytes;
    table[c] = {.bytes = bytes,
                .reciprocal = static_cast<std::uint32_t>(((std::uint64_t{1} << 32) + bytes - 1) / bytes),
                .pages = pages,
                .blocks = static_cast<std::uint16_t>(fit < max_span_blocks ? fit : max_span_blocks),
                .batch = batch_of(bytes)};
  }
  return table;
}

}  // namespace size_class_detail

inline constexpr std::array<size_class, class_count> size_classes = size_class_detail::make_table();

// The class by a table where it is asked for most.
inline constexpr std::size_t table_limit_bytes = 1024;
inline constexpr auto class_table = [] {
  std::array<std::uint8_t, table_limit_bytes / block_align_bytes + 1> table{};
  for (std::size_t i = 0; i < table.size(); i++) {
    table[i] = static_cast<std::uint8_t>(class_of(i * block_align_bytes));
  }
  return table;
}();

// Precondition: bytes <= table_limit_bytes.
constexpr unsigned class_by_table(std::size_t bytes) {
  return class_table[(bytes + block_align_bytes - 1) / block_align_bytes];
}

struct block_place {
  unsigned index;  // of the block that holds the byte
  bool starts;     // which is its first
};

// Of the byte at offset from its span's start. The product's upper word is the quotient; its lower word is
// below the reciprocal just where the remainder is 0 (Lemire, Kaser, Kurz 2019, "Faster remainder by direct
// computation").
constexpr block_place block_at(std::size_t offset, std::uint32_t reciprocal) {
  const std::uint64_t product = std::uint64_t{offset} * reciprocal;
  return {static_cast<unsigned>(product >> 32), static_cast<std::uint32_t>(product) < reciprocal};
}

namespace size_class_detail {

// Invariant: a request gets the smallest class that holds it.
constexpr bool classes_fit() {
  for (unsigned c = 0; c < class_count; c++) {
    if (class_of(size_classes[c].bytes) != c) return false;
    if (c + 1 < class_count && class_of(size_classes[c].bytes + 1) != c + 1) return false;
    if (size_classes[c].bytes % block_align_bytes != 0) return false;
    if (size_classes[c].pages > max_span_pages || size_classes[c].blocks < 4) return false;
  }
  return size_classes[class_count - 1].bytes == small_limit_bytes;
}

// Invariant: the reciprocal divides exactly, and tells each block's first byte from its others. Tried at the
// ends of every place where a block could begin, the odd one behind the last too: between them the product
// only grows.
constexpr bool reciprocals_divide() {
  for (const size_class& row : size_classes) {
    for (unsigned i = 0; std::size_t{i} * row.bytes < row.pages * sys::page_bytes; i++) {
      const std::size_t at = std::size_t{i} * row.bytes;
      const block_place first = block_at(at, row.reciprocal), second = block_at(at + 1, row.reciprocal),
                        last = block_at(at + row.bytes - 1, row.reciprocal);
      if (first.index != i || !first.starts) return false;
      if (second.index != i || second.starts || last.index != i || last.starts) return false;
    }
  }
  return true;
}

static_assert(classes_fit());
static_assert(reciprocals_divide());

}  // namespace size_class_detail
}  // namespace rt0
