#include "runtime/base/report.h"

#include "sys/fd.h"

namespace rt0 {

void report::put(char c) noexcept {
  if (length_ == sizeof buffer_) flush();
  buffer_[length_++] = c;
}

void report::to_stderr(const char* text, std::size_t bytes) noexcept { sys::write_all(2, text, bytes); }

void report::flush() noexcept {
  write_(buffer_, length_);
  length_ = 0;
}

report& report::operator<<(const char* text) noexcept {
  while (*text != 0) put(*text++);
  return *this;
}

report& report::number(std::uint64_t n) noexcept {
  char digits[20];
  int count = 0;
  do digits[count++] = static_cast<char>('0' + n % 10);
  while ((n /= 10) != 0);
  while (count > 0) put(digits[--count]);
  return *this;
}

report& report::signed_number(std::int64_t n) noexcept {
  put('-');
  return number(0 - static_cast<std::uint64_t>(n));
}

report& report::operator<<(hex h) noexcept {
  *this << "0x";
  int shift = 60;
  while (shift > 0 && (h.value >> shift) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) put("0123456789abcdef"[(h.value >> shift) & 15]);
  return *this;
}

}  // namespace rt0
