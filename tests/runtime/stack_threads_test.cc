// Stacks carved by many kernel threads at once. Hosted: the machine's own threads, each with a fake M.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "runtime/base/debug_options.h"
#include "runtime/mem/stack.h"
#include "tests/runtime/fake_m.h"

namespace {

constexpr std::size_t g_bytes = 700;
constexpr int kernel_threads = 8, rounds = 2'000;
constexpr int size_classes[] = {14, 16, 23};

struct share {
  std::vector<rt0::stack_place> places;
  int errors = 0;
  std::int32_t locks = 0;
};

void carve_many(share& mine, unsigned turn) {
  fake_m m;
  for (int i = 0; i < rounds; i++) {
    const auto [place, error] = rt0::stack_alloc(size_classes[turn++ % 3], g_bytes);
    if (error != 0) {
      mine.errors++;
      continue;
    }
    auto* top = reinterpret_cast<std::uintptr_t*>(place.g);
    if (*top != 0) mine.errors++;
    *top = place.slot.base;
    mine.places.push_back(place);
  }
  mine.locks = m.locks();
}

}  // namespace

TEST_CASE("eight threads carve slots of three classes: each its own, with a guard") {
  fake_m m;
  for (int guard : {1, 0}) {
    rt0::debug.guard = guard;
    share shares[kernel_threads];
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < kernel_threads; i++) {
      threads.emplace_back([&shares, i] { carve_many(shares[i], i); });
    }
    for (auto& t : threads) t.join();

    std::vector<rt0::stack_place> all;
    for (const share& s : shares) {
      CHECK(s.errors == 0);
      CHECK(s.locks == 0);
      all.insert(all.end(), s.places.begin(), s.places.end());
    }
    REQUIRE(all.size() == kernel_threads * rounds);
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.slot.base < b.slot.base; });
    for (std::size_t i = 0; i < all.size(); i++) {
      if (i > 0) REQUIRE(all[i - 1].slot.base + all[i - 1].slot.bytes <= all[i].slot.base);
      REQUIRE(*reinterpret_cast<std::uintptr_t*>(all[i].g) == all[i].slot.base);
    }
  }
}
