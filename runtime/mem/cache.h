// A P's cache of small blocks, in front of the central heap: malloc and free without a lock. Go's mcache in
// its place (m.mcache, p.mcache); inside rather Bonwick's magazines.
//
// Each size class has two lists of free blocks, of at most a batch each (size_class.h): blocks come and go by
// `loaded`; full, it becomes `previous`, whose batch goes to the class's exchange as one; empty, it takes
// that back, or a batch of the exchange, or carves one from spans. So a program that stands at the edge of a
// batch does not go to the centre in turns, and a batch that one P frees and another allocates changes hands
// whole, for two stores under a lock of its class alone.
//
//   malloc <-- loaded <-> previous <--batch--> exchange <--batch--> spans (central.h)
//   free -->     (this P's)                   (its class's lock)    (the heap's lock)
//
// Who may use it: code that runs with the P, and is not a signal handler's. No lock and no atomic step is
// needed: all of this is core text, in which nobody is preempted, and nothing here parks. Everyone else (an M
// without a P, a handler) finds no cache (getmcache) and goes to the centre.
//
// A P holds at most two batches of each class, so at most 3/4 MiB (cache.cc); goroutines hold nothing.
//
// A free block is sealed: its second word is a hash of its address, its first word and a secret. So a second
// free is told from a first one by the block itself, whoever's list it is in, and a write into the first 16
// bytes of a freed block is told when it is to be handed out again. Both are fatal. A sealed block that a
// program makes by chance has odds of 2^-64.
//
// Rejected: arrays of pointers instead of linked blocks (a page fault per few classes at the start, and
// nothing tells a double free); mimalloc's lists in each span with an owner (a P that is destroyed, or rests,
// must hand its spans over, and a free by another P is an atomic step on a shared line for every block).
#pragma once
#include <cstddef>
#include <cstdint>

#include "rt0/arch.h"
#include "runtime/mem/chunk.h"
#include "runtime/mem/size_class.h"

namespace rt0 {

// Random from the start on (heap_init).
extern constinit std::uintptr_t seal_key;

struct free_block {
  free_block* next;
  std::uintptr_t seal;

  std::uintptr_t right_seal() const {
    return seal_key ^ reinterpret_cast<std::uintptr_t>(this) ^ reinterpret_cast<std::uintptr_t>(next);
  }
  bool is_sealed() const { return seal == right_seal(); }
};

struct class_cache {
  free_block* loaded;
  free_block* previous;  // nullptr, or a full batch
  // Blocks that `loaded` may still take: batch less its length. 0 also while the class was never used, so
  // that a zeroed cache is an empty one.
  std::uint32_t room;

  void push(free_block* b) {
    b->next = loaded;
    b->seal = b->right_seal();
    loaded = b;
    room--;
  }
  // Precondition: loaded is there, and sealed.
  free_block* pop() {
    free_block* b = loaded;
    loaded = b->next;
    room++;
    b->seal = 0;
    return b;
  }
};

struct heap_cache {
  class_cache of[class_count];
};

// malloc where nothing special happens; nullptr: heap_alloc finds out why.
[[gnu::always_inline]] inline void* cached_alloc(std::size_t bytes) noexcept {
  if (bytes > table_limit_bytes) [[unlikely]]
    return nullptr;
  heap_cache* cache = getmcache();
  if (cache == nullptr) [[unlikely]]
    return nullptr;
  class_cache& c = cache->of[class_by_table(bytes)];
  if (c.loaded == nullptr || !c.loaded->is_sealed()) [[unlikely]]
    return nullptr;
  return c.pop();
}

// free where nothing special happens; false: heap_free finds out why.
[[gnu::always_inline]] inline bool cached_free(void* at) noexcept {
  const block_ref ref = find_small(at);
  if (ref.s == nullptr || !ref.s->is_out(ref.index)) [[unlikely]]
    return false;
  heap_cache* cache = getmcache();
  if (cache == nullptr) [[unlikely]]
    return false;
  class_cache& c = cache->of[ref.s->size_class];
  auto* b = static_cast<free_block*>(at);
  if (c.room == 0 || b->is_sealed()) [[unlikely]]
    return false;
  c.push(b);
  return true;
}

// A block of the class, or nullptr: out of memory. The running M's P owns the cache.
void* cache_alloc(heap_cache*, unsigned size_class) noexcept;
// Takes a block that is out, and not sealed.
void cache_free(heap_cache*, unsigned size_class, void* block) noexcept;
// Gives back all that the cache holds. Nobody uses it meanwhile. Any lock below rank heap_exchange may be
// held.
void cache_purge(heap_cache*) noexcept;
// The batches that no P wanted since the last call, or all, go back to their spans.
void exchange_return_idle(bool all) noexcept;

// Of all classes, in their order.
void exchange_lock() noexcept;
void exchange_unlock() noexcept;

}  // namespace rt0
