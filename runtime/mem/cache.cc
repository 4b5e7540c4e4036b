#include "runtime/mem/cache.h"

#include "runtime/base/fatal.h"
#include "runtime/base/tables.h"
#include "runtime/lock/mutex.h"
#include "runtime/mem/central.h"
#include "runtime/mem/idle.h"

namespace rt0 {

constinit std::uintptr_t seal_key = 0;

namespace {

// Invariant: what a P may hold (cache.h).
constexpr std::size_t most_cached_bytes() {
  std::size_t bytes = 0;
  for (const size_class& row : size_classes) bytes += std::size_t{2} * row.batch * row.bytes;
  return bytes;
}
static_assert(most_cached_bytes() <= 768 * 1024);

constexpr std::uint32_t max_batches = 64;
constexpr std::size_t exchange_bytes = 512 * 1024;

// A class's full batches that no P holds: what one freed and another may want.
struct exchange {
  mutex<lock_rank::heap_exchange> lock;
  std::atomic<std::uint32_t> count{0};         // written under the lock; read without as a hint
  std::uint32_t low RT0_GUARDED_BY(lock) = 0;  // the least that it had since exchange_return_idle
  free_block* batches[max_batches] RT0_GUARDED_BY(lock) = {};

  free_block* take() RT0_REQUIRES(lock) {
    const std::uint32_t n = count.load(std::memory_order_relaxed);
    if (n == 0) return nullptr;
    count.store(n - 1, std::memory_order_relaxed);
    if (n - 1 < low) low = n - 1;
    return batches[n - 1];
  }
};

RT0_TABLE constinit exchange exchanges[class_count]{};

constexpr std::uint32_t most_batches(const size_class& row) {
  const std::size_t fit = exchange_bytes / (row.batch * row.bytes);
  return fit < max_batches ? static_cast<std::uint32_t>(fit) : max_batches;
}

void send(unsigned cls, free_block* batch) {
  exchange& x = exchanges[cls];
  {
    lock_guard hold(x.lock);
    const std::uint32_t n = x.count.load(std::memory_order_relaxed);
    if (n < most_batches(size_classes[cls])) {
      x.batches[n] = batch;
      x.count.store(n + 1, std::memory_order_relaxed);
      return;
    }
  }
  central_give(batch);
}

free_block* receive(unsigned cls) {
  exchange& x = exchanges[cls];
  if (x.count.load(std::memory_order_relaxed) == 0) return nullptr;
  lock_guard hold(x.lock);
  return x.take();
}

// The first of up to a batch of new blocks; the others are loaded.
free_block* carve(class_cache& c, unsigned cls) {
  free_block* got[max_batch];
  const std::uint32_t batch = size_classes[cls].batch;
  const std::uint32_t n = central_take(cls, got, batch);
  c.room = batch;
  // Last first, so that they are handed out in the order of their addresses.
  for (std::uint32_t i = n; i > 1; i--) c.push(got[i - 1]);
  return n != 0 ? got[0] : nullptr;
}

}  // namespace

void* cache_alloc(heap_cache* cache, unsigned cls) noexcept {
  class_cache& c = cache->of[cls];
  if (c.loaded == nullptr) {
    c.loaded = c.previous != nullptr ? c.previous : receive(cls);
    c.previous = nullptr;
    if (c.loaded == nullptr) return carve(c, cls);
    c.room = 0;
  }
  if (!c.loaded->is_sealed()) fatal("malloc(): a freed block was written to");
  return c.pop();
}

void cache_free(heap_cache* cache, unsigned cls, void* block) noexcept {
  class_cache& c = cache->of[cls];
  if (c.room == 0) {
    if (c.loaded != nullptr) {
      heap_freed();
      if (c.previous != nullptr) send(cls, c.previous);
      c.previous = c.loaded;
      c.loaded = nullptr;
    }
    c.room = size_classes[cls].batch;
  }
  c.push(static_cast<free_block*>(block));
}

void cache_purge(heap_cache* cache) noexcept {
  for (unsigned cls = 0; cls < class_count; cls++) {
    class_cache& c = cache->of[cls];
    if (c.previous != nullptr) send(cls, c.previous);
    if (c.loaded != nullptr) c.room == 0 ? send(cls, c.loaded) : central_give(c.loaded);
    c = {};
  }
}

void exchange_return_idle(bool all) noexcept {
  for (exchange& x : exchanges) {
    std::uint32_t idle;
    {
      lock_guard hold(x.lock);
      idle = all ? x.count.load(std::memory_order_relaxed) : x.low;
    }
    for (; idle != 0; idle--) {
      free_block* batch;
      {
        lock_guard hold(x.lock);
        batch = x.take();
      }
      if (batch == nullptr) break;
      central_give(batch);
    }
    lock_guard hold(x.lock);
    x.low = x.count.load(std::memory_order_relaxed);
  }
}

void exchange_lock() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS {
  for (exchange& x : exchanges) x.lock.lock();
}

void exchange_unlock() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS {
  for (exchange& x : exchanges) x.lock.unlock();
}

}  // namespace rt0
