// Text for fd 2 without allocation, locks or stdio: what fatal paths and start-up messages are made of.
//
//   report() << "rt0: cannot map " << bytes << " bytes\n";     // written when the temporary dies
//
// Runs on any stack, in any state. A line longer than the buffer is written in pieces.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace rt0 {

struct hex {
  std::uint64_t value;
};

class report {
 public:
  using writer = void (*)(const char* text, std::size_t bytes);
  explicit report(writer write = to_stderr) noexcept : write_(write) {}
  report(const report&) = delete;
  ~report() { flush(); }

  report& operator<<(const char* text) noexcept;
  report& operator<<(hex) noexcept;
  template <std::integral T>
  report& operator<<(T n) noexcept {
    return n < 0 ? signed_number(static_cast<std::int64_t>(n)) : number(static_cast<std::uint64_t>(n));
  }

 private:
  static void to_stderr(const char* text, std::size_t bytes) noexcept;
  void put(char c) noexcept;
  void flush() noexcept;
  report& number(std::uint64_t) noexcept;
  report& signed_number(std::int64_t) noexcept;

  writer write_;
  char buffer_[244];
  std::size_t length_ = 0;
};

}  // namespace rt0
