// Pages from the system, for every room above: sys's mappings, and a line for each while
// RT0_DEBUG=pagetrace=FILE. Go's initPageTrace.
//
//   map 0x7f3c5a200000 8409088
//   unmap 0x7f3c5a200000 8409088
#pragma once
#include <cstddef>

#include "sys/mem.h"

namespace rt0 {

// Opens the file if RT0_DEBUG names one. Names a file that it cannot open on fd 2 and goes on.
void page_trace_init(const char* debug_text) noexcept;

// As sys::map, unmap and remap.
sys::ret<void*> map_pages(std::size_t bytes, sys::map_kind kind) noexcept;
void unmap_pages(void* at, std::size_t bytes) noexcept;
sys::ret<void*> remap_pages(void* at, std::size_t old_bytes, std::size_t new_bytes, bool may_move) noexcept;

}  // namespace rt0
