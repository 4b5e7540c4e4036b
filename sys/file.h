// Files, as far as a traceback reads the program's own.
#pragma once
#include <cstddef>
#include <cstdint>

#include "sys/ret.h"

namespace rt0::sys {

// Close-on-exec.
ret<int> open_for_reading(const char* path) noexcept;
// 0 if it cannot be told.
std::size_t file_bytes(int fd) noexcept;
// A private, read-only view of [offset, offset + bytes); offset is a multiple of a page.
ret<void*> map_file(int fd, std::size_t bytes, std::int64_t offset) noexcept;

}  // namespace rt0::sys
