// Random numbers that all threads draw from one counter: no thread's own state is needed. Not for secrets.
#pragma once
#include <atomic>
#include <cstdint>

namespace rt0::sys {

class shared_random {
 public:
  // splitmix64 (Steele, Lea, Flood 2014).
  std::uint64_t draw() noexcept {
    std::uint64_t z = drawn_.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  void seed(std::uint64_t seed) noexcept { drawn_.store(seed, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> drawn_{0};
};

}  // namespace rt0::sys
