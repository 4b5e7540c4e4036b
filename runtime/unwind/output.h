// Where a report's text goes: to fd 2 in large pieces, or into memory for a program that asked for it. Used
// by the M that reports.
#pragma once
#include <cstddef>

namespace rt0 {

// From now on the text is kept instead of being written. False: no memory.
bool output_keep() noexcept;
struct kept_text {
  char* at;  // a mapping of its own
  std::size_t bytes, mapped_bytes;
};
// What was kept; the text goes to fd 2 again. To be unmapped by the caller.
kept_text output_kept() noexcept;

void output_write(const char* text, std::size_t bytes) noexcept;
void output_flush() noexcept;

}  // namespace rt0
