// A small text that is put together, ends in 0 and never overflows: paths, and what stands in short files.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rt0::sys {

template <std::size_t N>
struct text {
  char at[N] = {};
  std::size_t length = 0;

  void add(char c) noexcept {
    if (length + 1 < N) at[length++] = c;
    at[length] = 0;
  }
  void add(const char* more) noexcept {
    while (*more != 0) add(*more++);
  }
  void add_decimal(std::uint32_t n) noexcept {
    if (n >= 10) add_decimal(n / 10);
    add(static_cast<char>('0' + n % 10));
  }
  void add_hex(std::uint8_t byte) noexcept {
    constexpr const char* digits = "0123456789abcdef";
    add(digits[byte >> 4]);
    add(digits[byte & 15]);
  }
  void cut(std::size_t to) noexcept { at[length = to] = 0; }
};

}  // namespace rt0::sys
