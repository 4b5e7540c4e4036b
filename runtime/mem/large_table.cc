#include "runtime/mem/large_table.h"

#include "runtime/mem/pages.h"

namespace rt0 {

bool large_table::reserve() noexcept {
  if ((block_count_ + 1) * 2 <= slot_count_) return true;
  const std::size_t old_count = slot_count_;
  const std::size_t count = old_count == 0 ? sys::page_bytes / sizeof(large_block) : old_count * 2;
  const sys::ret<void*> got = map_pages(count * sizeof(large_block), sys::map_kind::heap);
  if (!got.ok()) return false;
  large_block* const old = slots_;
  slots_ = static_cast<large_block*>(got.value());
  slot_count_ = count;
  for (std::size_t i = 0; i < old_count; i++) {
    if (old[i].at != 0) place(old[i]);
  }
  if (old != nullptr) unmap_pages(old, old_count * sizeof(large_block));
  return true;
}

void large_table::insert(large_block block) noexcept {
  place(block);
  block_count_++;
  block_bytes_ += block.bytes;
}

large_block* large_table::find(const void* at) noexcept {
  const std::uintptr_t key = reinterpret_cast<std::uintptr_t>(at);
  if (slot_count_ == 0 || key == 0) return nullptr;
  for (std::size_t i = home(key); slots_[i].at != 0; i = (i + 1) & (slot_count_ - 1)) {
    if (slots_[i].at == key) return &slots_[i];
  }
  return nullptr;
}

// Shifts back whoever probed past the hole: a block may move into it unless its home lies behind the hole.
void large_table::remove(large_block* block) noexcept {
  block_count_--;
  block_bytes_ -= block->bytes;
  const std::size_t mask = slot_count_ - 1;
  std::size_t hole = static_cast<std::size_t>(block - slots_);
  for (std::size_t i = (hole + 1) & mask; slots_[i].at != 0; i = (i + 1) & mask) {
    const std::size_t from_home = (i - home(slots_[i].at)) & mask, from_hole = (i - hole) & mask;
    if (from_home < from_hole) continue;
    slots_[hole] = slots_[i];
    hole = i;
  }
  slots_[hole].at = 0;
}

void large_table::place(large_block block) noexcept {
  std::size_t i = home(block.at);
  while (slots_[i].at != 0) i = (i + 1) & (slot_count_ - 1);
  slots_[i] = block;
}

}  // namespace rt0
