// ret<T>: what a system call answered, a value or an errno. The kernel's own convention, typed.
#pragma once
#include <cstdint>

namespace rt0::sys {

template <class T>
class [[nodiscard]] ret {
 public:
  // From the raw result of a system call: [-4095, -1] is an errno.
  static constexpr ret from_raw(long raw) noexcept { return ret(raw); }

  constexpr bool ok() const noexcept {
    return static_cast<unsigned long>(raw_) <= static_cast<unsigned long>(-4096);
  }
  constexpr int error() const noexcept { return ok() ? 0 : static_cast<int>(-raw_); }
  constexpr T value() const noexcept { return (T)raw_; }

 private:
  explicit constexpr ret(long raw) noexcept : raw_(raw) {}
  long raw_;
};

}  // namespace rt0::sys
