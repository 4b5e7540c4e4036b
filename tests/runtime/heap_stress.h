// The random part of heap_test: threads that allocate, resize, exchange and free signed blocks.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <random>
#include <vector>

#include "runtime/mem/cache.h"
#include "runtime/mem/heap.h"

namespace rt0 {

constexpr std::size_t KiB = 1024, MiB = 1024 * KiB;

// As malloc and free do it: the cache's fast path first; and in the core's text, where nobody is preempted
// half way through a list (sched/signal.h, in_core).
[[gnu::noinline, gnu::section("rt0_text")]] inline void* get(std::size_t bytes) {
  void* const cached = cached_alloc(bytes);
  return cached != nullptr ? cached : heap_alloc(bytes);
}
[[gnu::noinline, gnu::section("rt0_text")]] inline void put(void* block) {
  if (!cached_free(block)) heap_free(block);
}

inline bool aligned_to(const void* p, std::size_t align) {
  return reinterpret_cast<std::uintptr_t>(p) % align == 0;
}
// A block whose bytes are a function of its address-independent key.
struct owned {
  unsigned char* at = nullptr;
  std::size_t bytes = 0;
  std::uint64_t key = 0;

  unsigned char byte(std::size_t i) const {
    return static_cast<unsigned char>((key + i) * 0x9e3779b97f4a7c15 >> 56);
  }
  // Ends and a few bytes between: large blocks are not walked.
  template <class F>
  void each(std::size_t upto, F f) const {
    const std::size_t step = upto > 4096 ? upto / 97 : 1;
    for (std::size_t i = 0; i < upto; i += step) f(i);
    if (upto != 0) f(upto - 1);
  }
  void fill(std::size_t from = 0) {
    each(bytes, [&](std::size_t i) {
      if (i >= from) at[i] = byte(i);
    });
    for (std::size_t i = from; i < bytes && i < from + 64; i++) at[i] = byte(i);
  }
  bool intact() const {
    bool good = true;
    each(bytes, [&](std::size_t i) { good = good && at[i] == byte(i); });
    return good;
  }
};

inline std::size_t random_bytes(std::mt19937_64& random) {
  switch (random() % 32) {
    case 0: return random() % (4 * MiB);
    case 1:
    case 2: return random() % MiB;
    case 3:
    case 4:
    case 5: return random() % (40 * KiB);
    case 6:
    case 7:
    case 8:
    case 9: return random() % (4 * KiB);
    default: return random() % 300;
  }
}

// One thread's part of the stress: slots of its own, and a board that all share, over which blocks change
// hands.
struct shared_board {
  std::mutex lock;
  std::vector<owned> blocks{64};
  std::atomic<long> failures{0};
};

class stress_worker {
 public:
  stress_worker(shared_board& board, std::uint64_t seed) : board_(board), random_(seed) {}

  void run(long steps) {
    for (long step = 0; step < steps; step++) one_step(slots_[random_() % slots_.size()]);
    for (owned& o : slots_) {
      if (o.at != nullptr) drop(o);
    }
  }
  void check(bool good) {
    if (!good) board_.failures++;
  }

 private:
  void one_step(owned& o) {
    const unsigned what = random_() % 16;
    if (o.at != nullptr && what < 3) {
      resize(o, random_bytes(random_));
    } else if (what == 3) {
      std::lock_guard hold(board_.lock);
      std::swap(o, board_.blocks[random_() % board_.blocks.size()]);
    } else if (o.at != nullptr) {
      drop(o);
    } else {
      make(o, random_bytes(random_), what);
    }
  }

  void resize(owned& o, std::size_t n) {
    check(o.intact());
    const std::size_t common = n < o.bytes ? n : o.bytes;
    auto* at = static_cast<unsigned char*>(heap_realloc(o.at, n));
    check(at != nullptr && aligned_to(at, 16));
    o.at = at;
    for (std::size_t i = 0; i < common && i < 64; i++) {
      const bool written = o.bytes <= 4096 || i == 0;
      check(!written || o.at[i] == o.byte(i));
    }
    sign(o, n);
  }

  void make(owned& o, std::size_t n, unsigned what) {
    const std::size_t align = std::size_t{1} << random_() % (what == 4 ? 18 : 5);
    if (what == 5) {
      o.at = static_cast<unsigned char*>(heap_alloc_zeroed(n));
      for (std::size_t i = 0; i < n; i += i < 256 ? 1 : 509) check(o.at[i] == 0);
    } else if (what == 4) {
      o.at = static_cast<unsigned char*>(heap_alloc_aligned(n, align));
      check(aligned_to(o.at, align));
    } else {
      o.at = static_cast<unsigned char*>(get(n));
    }
    check(o.at != nullptr && aligned_to(o.at, 16));
    sign(o, n);
  }

  void sign(owned& o, std::size_t n) {
    o.bytes = n;
    o.key = random_();
    o.fill();
  }

  void drop(owned& o) {
    check(o.intact() && heap_usable_bytes(o.at) >= o.bytes);
    put(o.at);
    o = {};
  }

  shared_board& board_;
  std::mt19937_64 random_;
  std::vector<owned> slots_{400};
};

}  // namespace rt0
