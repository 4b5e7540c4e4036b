#include "sys/fault.h"

#include "sys/random.h"

namespace rt0::sys {

constinit std::uint32_t fault_one_in = 0;

namespace {

constinit shared_random random;

}  // namespace

void fault_begin(std::uint32_t one_in, std::uint64_t seed) noexcept {
  random.seed(seed);
  fault_one_in = one_in;
}

// The kind takes part in the draw, so that two looks in a row are not one fault.
bool fault_slow(fault_kind kind) noexcept {
  // Lack of memory has a cost that shows: a kernel thread for each descriptor that is not watched.
  const std::uint64_t one_in = fault_one_in * std::uint64_t{kind == fault_kind::memory ? 16u : 1u};
  return (random.draw() + static_cast<std::uint64_t>(kind)) % one_in == 0;
}

std::uint32_t fault_number(std::uint32_t limit) noexcept {
  return limit <= 1 ? 0 : static_cast<std::uint32_t>(random.draw() >> 32) % limit;
}

}  // namespace rt0::sys
