#include "runtime/mem/central.h"

#include "runtime/base/debug_options.h"
#include "runtime/base/fatal.h"
#include "runtime/base/tables.h"
#include "runtime/lock/mutex.h"
#include "runtime/mem/check.h"
#include "runtime/mem/page_heap.h"

namespace rt0 {
namespace {

struct central_heap {
  mutex<lock_rank::heap> lock;
  page_heap pages RT0_GUARDED_BY(lock);
  span* room[class_count] RT0_GUARDED_BY(lock) = {};  // spans with free blocks
  std::size_t in_use_bytes RT0_GUARDED_BY(lock) = 0;
};

RT0_TABLE constinit central_heap heap;

void link(span* s) RT0_REQUIRES(heap.lock) {
  span*& head = heap.room[s->size_class];
  s->prev = nullptr;
  s->next = head;
  if (head != nullptr) head->prev = s;
  head = s;
}

void unlink(span* s) RT0_REQUIRES(heap.lock) {
  if (s->prev != nullptr) {
    s->prev->next = s->next;
  } else {
    heap.room[s->size_class] = s->next;
  }
  if (s->next != nullptr) s->next->prev = s->prev;
}

// The bits of a bitmap's word that stand for no block.
std::uint64_t absent_blocks(unsigned blocks, unsigned word) {
  if (blocks >= word * 64 + 64) return 0;
  return blocks <= word * 64 ? ~std::uint64_t{0} : ~std::uint64_t{0} << blocks % 64;
}

span* new_span(unsigned cls) RT0_REQUIRES(heap.lock) {
  const size_class& row = size_classes[cls];
  unsigned dirty_pages;
  span* s = heap.pages.allocate(row.pages, 1, &dirty_pages);
  if (s == nullptr) return nullptr;
  chunk* c = chunk_of(s);
  for (unsigned page = 0; page < row.pages; page++) c->first_page[s->first_page + page] = s->first_page;
  s->free_blocks = row.blocks;
  s->fresh_block = 0;
  s->blocks = row.blocks;
  s->size_class = static_cast<std::uint8_t>(cls);
  s->reciprocal = row.reciprocal;
  s->zeroed = dirty_pages == 0;
  if (debug.check != 0 && !s->zeroed) check_forget(s);
  for (unsigned i = 0; i < max_span_blocks / 64; i++) {
    s->used[i].store(absent_blocks(row.blocks, i), std::memory_order_relaxed);
  }
  link(s);
  return s;
}

// A span with room, live.
span* span_with_room(unsigned cls) RT0_REQUIRES(heap.lock) {
  span* s = heap.room[cls];
  if (s == nullptr) return new_span(cls);
  if (s->free_blocks == s->blocks) heap.pages.wake(s);
  return s;
}

// Takes up to n blocks of s: the lowest ones, whose pages were touched. Their indices; how many.
unsigned take_blocks(span* s, std::uint16_t* index, unsigned n) RT0_REQUIRES(heap.lock) {
  unsigned got = 0;
  for (unsigned word = 0; word < max_span_blocks / 64 && got < n; word++) {
    std::uint64_t used = s->used[word].load(std::memory_order_relaxed);
    for (; got < n && ~used != 0; used |= used + 1) {
      index[got++] = static_cast<std::uint16_t>(word * 64 + static_cast<unsigned>(std::countr_one(used)));
    }
    s->used[word].store(used, std::memory_order_relaxed);
  }
  heap.in_use_bytes += got * size_classes[s->size_class].bytes;
  s->free_blocks = static_cast<std::uint16_t>(s->free_blocks - got);
  if (s->free_blocks == 0) unlink(s);
  return got;
}

// Whatever still begins in a surplus chunk is an empty span, kept for its class.
void drop_surplus(chunk* c) RT0_REQUIRES(heap.lock) {
  if (c == nullptr) return;
  for (unsigned page = header_pages; page < chunk_pages; page++) {
    if (c->first_page[page] == page) unlink(&c->spans[page]);
  }
  heap.pages.drop(c);
}

void give_block(block_ref ref) RT0_REQUIRES(heap.lock) {
  span* s = ref.s;
  const std::uint64_t bit = std::uint64_t{1} << ref.index % 64;
  const std::uint64_t used = s->used[ref.index / 64].load(std::memory_order_relaxed);
  if ((used & bit) == 0) [[unlikely]]
    fatal("free(): double free detected");
  s->used[ref.index / 64].store(used & ~bit, std::memory_order_relaxed);
  heap.in_use_bytes -= size_classes[s->size_class].bytes;
  if (s->free_blocks++ == 0) link(s);
  if (s->free_blocks < s->blocks) return;
  if (s->prev == nullptr && s->next == nullptr) return drop_surplus(heap.pages.rest(s));
  unlink(s);
  drop_surplus(heap.pages.release(s));
}

void release_empty_spans() RT0_REQUIRES(heap.lock) {
  for (span* s : heap.room) {
    if (s == nullptr || s->free_blocks < s->blocks) continue;
    unlink(s);
    heap.pages.release_resting(s);
  }
}

// False: they are locked in memory, and stay.
bool return_pages(const idle_runs& runs) {
  bool returned = true;
  for (unsigned i = 0; i < runs.count; i++) {
    void* at = reinterpret_cast<char*>(runs.c) + std::size_t{runs.run[i].first} * sys::page_bytes;
    returned = sys::advise(at, runs.run[i].pages * sys::page_bytes, sys::advice::dont_need).ok() && returned;
  }
  return returned;
}

unsigned pages_for(std::size_t bytes) {
  return bytes == 0 ? 1 : static_cast<unsigned>(sys::round_up(bytes, sys::page_bytes) / sys::page_bytes);
}

}  // namespace

grant central_alloc(unsigned cls) noexcept {
  lock_guard hold(heap.lock);
  span* s = span_with_room(cls);
  if (s == nullptr) return {nullptr, 0};
  std::uint16_t index;
  take_blocks(s, &index, 1);
  const std::size_t bytes = size_classes[cls].bytes;
  const bool fresh = index >= s->fresh_block;
  if (fresh) s->fresh_block = static_cast<std::uint16_t>(index + 1);
  return {span_base(s) + index * bytes, fresh && s->zeroed ? 0 : bytes};
}

unsigned central_take(unsigned cls, free_block** to, unsigned n) noexcept {
  std::uint16_t index[max_batch];
  char* base;
  unsigned got;
  {
    lock_guard hold(heap.lock);
    span* s = span_with_room(cls);
    if (s == nullptr) return 0;
    got = take_blocks(s, index, n);
    if (index[got - 1] >= s->fresh_block) s->fresh_block = static_cast<std::uint16_t>(index[got - 1] + 1);
    base = span_base(s);
  }
  const std::size_t bytes = size_classes[cls].bytes;
  for (unsigned i = 0; i < got; i++) to[i] = reinterpret_cast<free_block*>(base + index[i] * bytes);
  return got;
}

void central_free(block_ref ref) noexcept {
  lock_guard hold(heap.lock);
  give_block(ref);
}

void central_give(free_block* list) noexcept {
  lock_guard hold(heap.lock);
  while (list != nullptr) {
    free_block* b = list;
    if (!b->is_sealed()) [[unlikely]]
      fatal("free(): a freed block was written to");
    list = b->next;
    b->seal = 0;  // or it would count as free when it is out again
    give_block(find_small(b));
  }
}

grant medium_alloc(std::size_t bytes, unsigned align_pages) noexcept {
  lock_guard hold(heap.lock);
  unsigned dirty_pages;
  span* s = heap.pages.allocate(pages_for(bytes), align_pages, &dirty_pages);
  if (s == nullptr) return {nullptr, 0};
  s->size_class = medium_span;
  s->blocks = 0;
  heap.in_use_bytes += span_bytes(s);
  return {span_base(s), dirty_pages * sys::page_bytes};
}

void medium_free(span* s) noexcept {
  lock_guard hold(heap.lock);
  heap.in_use_bytes -= span_bytes(s);
  drop_surplus(heap.pages.release(s));
}

bool medium_resize(span* s, std::size_t bytes) noexcept {
  const unsigned pages = pages_for(bytes);
  lock_guard hold(heap.lock);
  const std::size_t before = span_bytes(s);
  if (pages < s->pages) heap.pages.trim(s, pages);
  if (pages > s->pages && !heap.pages.extend(s, pages)) return false;
  heap.in_use_bytes += span_bytes(s) - before;
  return true;
}

central_figures central_measure() noexcept {
  lock_guard hold(heap.lock);
  return {heap.pages.mapped_bytes(), heap.in_use_bytes};
}

bool central_return_idle(bool all) noexcept {
  bool any = false;
  {
    lock_guard hold(heap.lock);
    heap.pages.begin_round();
    if (all) {
      release_empty_spans();
      chunk* spare = heap.pages.take_spare();
      any = spare != nullptr;
      drop_surplus(spare);
    }
  }
  idle_runs runs;
  for (;; any = true) {
    {
      lock_guard hold(heap.lock);
      if (!heap.pages.take_idle(&runs, all)) return any;
    }
    const bool returned = return_pages(runs);
    lock_guard hold(heap.lock);
    drop_surplus(heap.pages.give_idle(runs, returned));
  }
}

void central_lock() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { heap.lock.lock(); }
void central_unlock() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { heap.lock.unlock(); }

}  // namespace rt0
