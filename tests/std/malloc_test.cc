// The malloc family: alignment, zeroing, contents kept by realloc, failure with ENOMEM, and a random stress
// over several threads in which every block is filled with a pattern of its own and checked before it is
// freed. RT0_SEED repeats a run.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>
#include <random>
#include <thread>
#include <vector>

namespace {
// Through volatile pointers, so that the compiler neither drops the write before a free nor believes that
// realloc freed.
void* (*volatile opaque_memset)(void*, int, size_t) = memset;
void* (*volatile opaque_realloc)(void*, size_t) = realloc;
bool aligned_to(const void* p, size_t n) { return reinterpret_cast<uintptr_t>(p) % n == 0; }
constexpr size_t sizes[] = {0,    1,    7,      8,      15,      16,        17,       24,
                            63,   64,   65,     100,    255,     1000,      1024,     4095,
                            4096, 4097, 10'000, 65'536, 100'000, 1'000'000, 5'000'000};
}  // namespace

TEST_CASE("malloc: aligned to 16, usable as asked, apart from each other") {
  std::vector<unsigned char*> blocks;
  for (size_t n : sizes) {
    auto* p = static_cast<unsigned char*>(malloc(n));
    REQUIRE(p);
    CHECK(aligned_to(p, n < 16 ? alignof(max_align_t) / 2 : 16));
    CHECK(malloc_usable_size(p) >= n);
    memset(p, static_cast<int>(blocks.size() + 1), n);
    blocks.push_back(p);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    size_t wrong = 0;
    for (size_t k = 0; k < sizes[i]; ++k) wrong += blocks[i][k] != i + 1;
    CHECK(wrong == 0);
    free(blocks[i]);
  }
  free(nullptr);
}

TEST_CASE("malloc_usable_size may all be written") {
  std::vector<void*> blocks;
  for (size_t n : sizes) {
    void* p = malloc(n);
    memset(p, 0xee, malloc_usable_size(p));
    blocks.push_back(p);
  }
  for (void* p : blocks) free(p);
  CHECK(malloc_usable_size(nullptr) == 0);
}

TEST_CASE("calloc zeroes memory that was dirty, and refuses a product that overflows") {
  for (size_t n : sizes) {
    void* dirty = malloc(n);
    opaque_memset(dirty, 0xff, n);
    free(dirty);
    auto* p = static_cast<unsigned char*>(calloc(1, n));
    REQUIRE(p);
    size_t wrong = 0;
    for (size_t k = 0; k < n; ++k) wrong += p[k] != 0;
    CHECK(wrong == 0);
    free(p);
  }
  volatile size_t half = SIZE_MAX / 2 + 2;
  errno = 0;
  CHECK(calloc(half, 2) == nullptr);
  CHECK(errno == ENOMEM);
}

TEST_CASE("realloc keeps the contents, up and down") {
  unsigned char* p = nullptr;
  size_t had = 0;
  for (size_t n : {1, 100, 5000, 300'000, 4'000'000, 20'000, 64, 3, 200}) {
    p = static_cast<unsigned char*>(realloc(p, n));
    REQUIRE(p);
    size_t wrong = 0;
    for (size_t k = 0; k < std::min<size_t>(had, n); ++k) wrong += p[k] != static_cast<unsigned char>(k * 7);
    CHECK(wrong == 0);
    for (size_t k = 0; k < n; ++k) p[k] = static_cast<unsigned char>(k * 7);
    had = n;
  }
  free(p);
}

TEST_CASE("impossible sizes fail with ENOMEM and leave the old block") {
  volatile size_t huge = SIZE_MAX / 2;
  errno = 0;
  CHECK(malloc(huge) == nullptr);
  CHECK(errno == ENOMEM);
  volatile size_t nearly_max = SIZE_MAX - 8;
  errno = 0;
  CHECK(malloc(nearly_max) == nullptr);
  CHECK(errno == ENOMEM);
  char* p = static_cast<char*>(malloc(10));
  memcpy(p, "unchanged", 10);
  errno = 0;
  CHECK(opaque_realloc(p, huge) == nullptr);
  CHECK(errno == ENOMEM);
  CHECK(strcmp(p, "unchanged") == 0);
  free(p);
}

TEST_CASE("aligned_alloc, posix_memalign, memalign, valloc, aligned new") {
  for (size_t a = 8; a <= 65'536; a *= 2)
    for (size_t n : {size_t{1}, a, a + 1, size_t{100'000}}) {
      void* p = nullptr;
      REQUIRE(posix_memalign(&p, a, n) == 0);
      CHECK(aligned_to(p, a));
      memset(p, 1, n);
      free(p);
      p = aligned_alloc(a, (n + a - 1) / a * a);
      REQUIRE(p);
      CHECK(aligned_to(p, a));
      p = realloc(p, 2 * n);
      REQUIRE(p);
      free(p);
    }
  void* p = nullptr;
  CHECK(posix_memalign(&p, 3, 10) == EINVAL);
  CHECK(posix_memalign(&p, 4, 10) == EINVAL);
  p = memalign(256, 100);
  CHECK(aligned_to(p, 256));
  free(p);
  struct alignas(128) wide {
    char c[128];
  };
  auto* w = new wide[3];
  CHECK(aligned_to(w, 128));
  delete[] w;
}

namespace {

struct block {
  unsigned char* p = nullptr;
  size_t bytes = 0;
  unsigned char pattern = 0;
  void fill(std::mt19937_64& r) {
    pattern = static_cast<unsigned char>(r());
    memset(p, pattern, bytes);
  }
  bool intact(size_t upto) const {
    for (size_t i = 0; i < upto; ++i)
      if (p[i] != pattern) return false;
    return true;
  }
};

size_t random_size(std::mt19937_64& r) {
  switch (r() % 16) {
    case 0: return r() % 200'000;
    case 1: return r() % 20'000;
    default: return r() % 600;
  }
}

// One step on a slot: allocate by one of the doors, or grow, or check and free.
int step(block& b, std::mt19937_64& r) {
  if (!b.p) {
    b.bytes = random_size(r);
    void* p = nullptr;
    switch (r() % 3) {
      case 0: p = malloc(b.bytes); break;
      case 1: p = calloc(1, b.bytes); break;
      default:
        if (posix_memalign(&p, size_t{16} << r() % 6, b.bytes) != 0) p = nullptr;
        break;
    }
    b.p = static_cast<unsigned char*>(p);
    if (!b.p) return 1;
    b.fill(r);
    return 0;
  }
  if (r() % 4 == 0) {
    const size_t n = random_size(r) + 1;
    auto* p = static_cast<unsigned char*>(realloc(b.p, n));
    if (!p) return 1;
    b.p = p;
    const bool ok = b.intact(std::min(n, b.bytes));
    b.bytes = n;
    b.fill(r);
    return !ok;
  }
  const bool ok = b.intact(b.bytes);
  free(b.p);
  b = {};
  return !ok;
}

}  // namespace

TEST_CASE("random stress over threads; blocks made by one are freed by another") {
  const char* given = getenv("RT0_SEED");
  const uint64_t seed = given ? strtoull(given, nullptr, 0) : std::random_device{}();
  MESSAGE("RT0_SEED=" << seed);
  constexpr int threads = 6, steps = 20'000, slots = 200;
  std::atomic<int> wrong{0};
  std::vector<block> shared(64);
  std::mutex mu;
  std::vector<std::thread> ts;
  for (int t = 0; t < threads; ++t)
    ts.emplace_back([&, t] {
      std::mt19937_64 r(seed * threads + t);
      std::vector<block> mine(slots);
      for (int i = 0; i < steps; ++i) {
        wrong += step(mine[r() % slots], r);
        if (i % 16 == 0) {
          std::lock_guard lock(mu);
          std::swap(mine[r() % slots], shared[r() % shared.size()]);
        }
        if (i % 64 == 0) std::this_thread::yield();
      }
      for (block& b : mine)
        if (b.p) wrong += !b.intact(b.bytes), free(b.p);
    });
  for (std::thread& t : ts) t.join();
  for (block& b : shared)
    if (b.p) wrong += !b.intact(b.bytes), free(b.p);
  CHECK(wrong == 0);
}

TEST_CASE("malloc.h: mallinfo2 counts, malloc_trim gives back, mallopt knows its parameters") {
  const auto in_use = [] {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const size_t before = in_use();
  std::vector<void*> blocks;
  for (int i = 0; i < 1000; i++) blocks.push_back(malloc(5000));
  void* volatile large = malloc(8 << 20);
  CHECK(in_use() >= before + 5'000'000 + (8 << 20));
  CHECK(mallinfo2().hblks >= 1);
  free(large);
  for (size_t i = 0; i < blocks.size(); i++) {
    memset(blocks[i], static_cast<int>(i), 5000);
    if (i % 50 != 0) free(blocks[i]);
  }
  CHECK(malloc_trim(0) == 1);
  for (size_t i = 0; i < blocks.size(); i += 50) {
    CHECK(static_cast<unsigned char*>(blocks[i])[4999] == static_cast<unsigned char>(i));
    free(blocks[i]);
  }
  // RT0_DEBUG=check=1 holds back the last 256 that were freed: other ones than these.
  for (int i = 0; i < 256; i++) {
    void* volatile small = malloc(1);
    free(small);
  }
  CHECK(in_use() < before + 1'000'000);
  CHECK(mallopt(M_TRIM_THRESHOLD, 1 << 20) == 1);
}
