#include "runtime/lock/perturb.h"

#include <cstdint>

#include "sys/clock.h"
#include "sys/process.h"
#include "sys/random.h"

namespace rt0 {
namespace {

constinit sys::shared_random random;
constexpr std::uint64_t max_sleep_ns = 50'000;

}  // namespace

void perturb_slow() noexcept {
  const std::uint64_t z = random.draw();
  if (z % static_cast<std::uint64_t>(debug.perturb) != 0) return;
  if ((z >> 32) % 4 != 0) return sys::sched_yield();
  sys::sleep_ns(static_cast<std::int64_t>((z >> 40) % max_sleep_ns));
}

}  // namespace rt0
