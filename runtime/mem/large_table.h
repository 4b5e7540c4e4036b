// Large blocks: each is its own mapping, and this table, keyed by address, is where their sizes are written.
//
// Rejected: a header page before the block, found by 4 MiB alignment: mremap cannot keep an alignment when it
// moves, the header costs a page fault a block, and trimming to the alignment two more system calls.
// Rejected: a header page without alignment: free() would have to read before an address that it does not
// know.
//
// Open addressing with linear probing, at most half full, doubled by a new mapping. Removal shifts the
// followers back, so there are no tombstones and a program that maps and unmaps for ever does not degrade.
//
// Every function: under the heap's lock, on any stack, never parks.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rt0 {

struct large_block {
  std::uintptr_t at;  // 0: empty slot
  std::size_t bytes;  // a multiple of the page
};

class large_table {
 public:
  // Makes room for one more. False: out of memory.
  bool reserve() noexcept;
  // Precondition: reserve() said yes, or a block was removed since the last insert.
  void insert(large_block) noexcept;
  // nullptr: no block begins there. Good until the next insert or remove.
  large_block* find(const void* at) noexcept;
  void remove(large_block*) noexcept;

  std::size_t count() const noexcept { return block_count_; }
  // Of the blocks and the table.
  std::size_t mapped_bytes() const noexcept { return block_bytes_ + slot_count_ * sizeof(large_block); }

 private:
  std::size_t home(std::uintptr_t at) const noexcept {
    constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>((at / 4096) * golden >> 32) & (slot_count_ - 1);
  }
  void place(large_block) noexcept;

  large_block* slots_ = nullptr;
  std::size_t slot_count_ = 0;  // a power of two
  std::size_t block_count_ = 0;
  std::size_t block_bytes_ = 0;
};

}  // namespace rt0
