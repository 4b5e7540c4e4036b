#include "runtime/lock/perturb.h"

#include <atomic>
#include <cstdint>

#include "sys/clock.h"
#include "sys/process.h"

namespace rt0 {
namespace {

constinit std::atomic<std::uint64_t> draws{0};
constexpr std::uint64_t max_sleep_ns = 50'000;

// splitmix64 (Steele, Lea, Flood 2014) of a shared counter: no M's own state is needed.
std::uint64_t draw() noexcept {
  std::uint64_t z = draws.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

void perturb_slow() noexcept {
  const std::uint64_t z = draw();
  if (z % static_cast<std::uint64_t>(debug.perturb) != 0) return;
  if ((z >> 32) % 4 != 0) return sys::sched_yield();
  sys::sleep_ns(static_cast<std::int64_t>((z >> 40) % max_sleep_ns));
}

}  // namespace rt0
