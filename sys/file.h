// Files, as far as the runtime reads any: the program's own for a traceback, and what the kernel says in
// small texts.
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

// A file of the kernel's that is short (/proc, cgroups): into a buffer, cut where that ends, and a 0 behind
// it. Returns the text's length; 0: there is no such file.
std::size_t read_text(const char* path, char* into, std::size_t bytes) noexcept;

// Where a symbolic link leads to, likewise.
std::size_t read_link(const char* path, char* into, std::size_t bytes) noexcept;

}  // namespace rt0::sys
