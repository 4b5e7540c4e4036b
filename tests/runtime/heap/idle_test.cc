// What the heap kept goes back to the system when it lies idle: the resident size after a peak, on a clock of
// the test's own (RT0_DEBUG=idlepages=0 keeps sysmon away), and with sysmon's.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "runtime/mem/cache.h"
#include "runtime/mem/heap.h"
#include "runtime/mem/idle.h"
#include "tests/runtime/heap_stress.h"
#include "tests/runtime/proc_self.h"

using namespace rt0;

namespace {

std::int64_t now_ns = 1;

void a_period_passes() {
  heap_return_idle(now_ns += heap_idle_ns, [](bool) { cache_purge(getmcache()); });
}

// Two after which nothing more happens.
void everything_rests() {
  for (int n = 0; heap_return_due_ns() != INT64_MAX; n++) {
    REQUIRE(n < 10);
    a_period_passes();
  }
}

struct peak {
  std::vector<unsigned char*> kept;
  std::size_t bytes_each;

  // 64 MiB of blocks, of which one in every `of` stays, filled with its place.
  peak(std::size_t bytes, std::size_t of) : bytes_each(bytes) {
    std::vector<unsigned char*> blocks;
    for (std::size_t total = 0; total < 64 * MiB; total += bytes) {
      blocks.push_back(static_cast<unsigned char*>(get(bytes)));
      std::memset(blocks.back(), 0xa5, bytes);
    }
    for (std::size_t i = 0; i < blocks.size(); i++) {
      if (i % of != 0) {
        put(blocks[i]);
      } else {
        std::memset(blocks[i], static_cast<int>(kept.size()), bytes);
        kept.push_back(blocks[i]);
      }
    }
  }
  ~peak() {
    for (unsigned char* p : kept) put(p);
  }
  bool intact() const {
    for (std::size_t i = 0; i < kept.size(); i++) {
      for (std::size_t n = 0; n < bytes_each; n++) {
        if (kept[i][n] != static_cast<unsigned char>(i)) return false;
      }
    }
    return true;
  }
};

}  // namespace

TEST_CASE("after a peak the resident size goes down, and what lives is untouched") {
  for (const std::size_t bytes : {64ul, 1000ul, 8 * KiB, 32 * KiB, 100 * KiB}) {
    CAPTURE(bytes);
    everything_rests();
    const std::size_t before = rss_kib();
    const std::size_t of = 1 * MiB / bytes * 2;  // 32 of them stay
    const peak live(bytes, of);
    everything_rests();
    const std::size_t after = rss_kib();
    CHECK(after < before + 6 * KiB);  // KiB of KiB: 6 MiB
    CHECK(live.intact());
  }
}

TEST_CASE("pages that came back are zero, and known to be") {
  { const peak nothing(100 * KiB, 1'000'000); }
  everything_rests();
  for (int i = 0; i < 200; i++) {
    for (const std::size_t bytes : {1000ul, 20 * KiB, 200 * KiB}) {
      auto* p = static_cast<unsigned char*>(heap_alloc_zeroed(bytes));
      std::size_t wrong = 0;
      for (std::size_t n = 0; n < bytes; n++) wrong += p[n] != 0;
      REQUIRE(wrong == 0);
      std::memset(p, 0xff, bytes);
      put(p);
    }
  }
}

TEST_CASE("periods run only while somebody frees") {
  everything_rests();
  CHECK(heap_return_due_ns() == INT64_MAX);
  put(get(64));  // the P's cache took it
  CHECK(heap_return_due_ns() == INT64_MAX);
  put(get(100 * KiB));
  CHECK(heap_return_due_ns() == 0);
  heap_return_idle(now_ns, [](bool) {});
  CHECK(heap_return_due_ns() == now_ns + heap_idle_ns);
  heap_return_idle(now_ns + heap_idle_ns - 1, [](bool) { FAIL("too early"); });
  put(get(100 * KiB));
  a_period_passes();
  CHECK(heap_return_due_ns() == now_ns + heap_idle_ns);  // one in which something was freed: another follows
  a_period_passes();
  CHECK(heap_return_due_ns() == INT64_MAX);
}

TEST_CASE("what is wanted stays: a program that allocates and frees in turns pays no fault") {
  everything_rests();
  std::vector<void*> blocks(5000);
  for (int round = 0; round < 5; round++) {
    for (void*& p : blocks) {
      p = get(200);
      std::memset(p, 1, 200);
    }
    for (void* p : blocks) put(p);
    a_period_passes();
  }
  // The exchange keeps what was wanted in the last period.
  const std::size_t before = rss_kib();
  for (void*& p : blocks) {
    p = get(200);
    std::memset(p, 1, 200);
  }
  CHECK(rss_kib() <= before + 512);
  for (void* p : blocks) put(p);
}
