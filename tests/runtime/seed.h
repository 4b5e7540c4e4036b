// The seed of a random test: RT0_SEED, else a new one; printed, so that a failure can be repeated.
#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

inline std::uint64_t test_seed() {
  const char* text = std::getenv("RT0_SEED");
  const std::uint64_t seed =
      text != nullptr
          ? std::strtoull(text, nullptr, 10)
          : static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  std::printf("RT0_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}
