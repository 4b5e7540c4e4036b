#include "runtime/mem/page_heap.h"

#include "runtime/base/fatal.h"
#include "runtime/base/tables.h"
#include "runtime/mem/pages.h"

namespace rt0 {

RT0_TABLE constinit chunk_map chunks;

namespace {

constexpr unsigned usable_pages = chunk_pages - header_pages;

// The first run of `pages` free pages at a multiple of align, or 0: none.
unsigned find_run(const chunk* c, unsigned pages, unsigned align) {
  for (unsigned at = c->used.next_clear(header_pages); at < chunk_pages;) {
    const unsigned end = c->used.next_set(at);
    const unsigned first = (at + align - 1) & ~(align - 1);
    if (first + pages <= end) return first;
    at = c->used.next_clear(end);
  }
  return 0;
}

unsigned longest_run(const chunk* c) {
  unsigned longest = 0;
  for (unsigned at = c->used.next_clear(header_pages); at < chunk_pages;) {
    const unsigned end = c->used.next_set(at);
    if (end - at > longest) longest = end - at;
    at = c->used.next_clear(end);
  }
  return longest;
}

unsigned list_of(unsigned run_pages) {
  return run_pages == 0 ? 0 : static_cast<unsigned>(std::bit_width(run_pages)) - 1;
}

}  // namespace

void* map_aligned(std::size_t bytes, std::size_t align, slack rest) noexcept {
  const std::size_t slack_bytes = align - sys::page_bytes;
  if (bytes + slack_bytes < bytes) return nullptr;
  const sys::ret<void*> got = map_pages(bytes + slack_bytes, sys::map_kind::heap);
  if (!got.ok()) return nullptr;
  char* const from = static_cast<char*>(got.value());
  const std::size_t head = -reinterpret_cast<std::uintptr_t>(from) & (align - 1);
  if (rest == slack::kept) return from + head;
  if (head != 0) unmap_pages(from, head);
  if (slack_bytes != head) unmap_pages(from + head + bytes, slack_bytes - head);
  return from + head;
}

bool chunk_map::enter(const chunk* c) noexcept {
  const std::uintptr_t cell = reinterpret_cast<std::uintptr_t>(c) / chunk_bytes;
  std::atomic<leaf*>& slot = root_[cell / leaf_cells];
  if (slot.load(std::memory_order_relaxed) == nullptr) {
    leaf* fresh = &first_leaf_;
    if (first_leaf_in_use_) {
      const sys::ret<void*> got = map_pages(sizeof(leaf), sys::map_kind::heap);
      if (!got.ok()) return false;
      fresh = static_cast<leaf*>(got.value());
    }
    first_leaf_in_use_ = true;
    slot.store(fresh, std::memory_order_release);  // pairs with: holds load(acquire)
  }
  flip(cell);
  return true;
}

void chunk_map::leave(const chunk* c) noexcept { flip(reinterpret_cast<std::uintptr_t>(c) / chunk_bytes); }

// The lock makes us the only writer; readers of other cells' bits see the old word or the new.
void chunk_map::flip(std::uintptr_t cell) noexcept {
  leaf* l = root_[cell / leaf_cells].load(std::memory_order_relaxed);
  std::atomic<std::uint64_t>& word = l->words[cell % leaf_cells / 64];
  const std::uint64_t bit = std::uint64_t{1} << cell % 64;
  word.store(word.load(std::memory_order_relaxed) ^ bit, std::memory_order_relaxed);
}

span* page_heap::allocate(unsigned pages, unsigned align_pages, unsigned* dirty_pages) noexcept {
  unsigned first = 0;
  chunk* c = find(pages, align_pages, &first);
  if (c == nullptr) {
    c = add_chunk();
    if (c == nullptr) return nullptr;
    first = find_run(c, pages, align_pages);
    ensure(first != 0, "heap: run does not fit an empty chunk");
  }
  *dirty_pages = c->dirty.end_of_set(first, pages) - first;
  take(c, first, pages);
  span* s = &c->spans[first];
  s->first_page = static_cast<std::uint16_t>(first);
  s->pages = static_cast<std::uint16_t>(pages);
  c->first_page[first] = s->first_page;
  wake(s);
  return s;
}

chunk* page_heap::release(span* s) noexcept {
  release_resting(s);
  return one_less_live(chunk_of(s));
}

void page_heap::release_resting(span* s) noexcept {
  chunk* c = chunk_of(s);
  for (unsigned i = 0; i < s->pages; i++) c->first_page[s->first_page + i] = 0;
  give(c, s->first_page, s->pages);
}

chunk* page_heap::take_spare() noexcept {
  chunk* c = spare_;
  spare_ = nullptr;
  return c;
}

chunk* page_heap::rest(span* s) noexcept { return one_less_live(chunk_of(s)); }

chunk* page_heap::one_less_live(chunk* c) noexcept {
  if (--c->live_spans != 0) return nullptr;
  chunk* surplus = spare_;
  spare_ = c;
  return surplus;
}

void page_heap::wake(span* s) noexcept {
  chunk* c = chunk_of(s);
  c->live_spans++;
  if (c == spare_) spare_ = nullptr;
}

void page_heap::drop(chunk* c) noexcept {
  unlink(c);
  chunks.leave(c);
  chunk_count_--;
  unmap_pages(c, chunk_bytes);
}

chunk* page_heap::not_in_this_round() noexcept {
  for (chunk* c : lists_) {
    for (; c != nullptr; c = c->next) {
      if (c->round != round_) return c;
    }
  }
  return nullptr;
}

bool page_heap::take_idle(idle_runs* runs, bool all) noexcept {
  while (chunk* c = not_in_this_round()) {
    const page_bits idle = c->dirty.common(all ? c->dirty : c->rested, c->used);
    runs->c = c;
    runs->count = 0;
    unsigned at = idle.next_set(0);
    for (; at < chunk_pages && runs->count < idle_runs::most; runs->count++) {
      const unsigned end = idle.next_clear(at);
      runs->run[runs->count] = {static_cast<std::uint16_t>(at), static_cast<std::uint16_t>(end - at)};
      at = idle.next_set(end);
    }
    if (at == chunk_pages) {  // no more than these
      c->round = round_;
      c->rested = c->used.complement();
    }
    if (runs->count == 0) continue;
    for (unsigned i = 0; i < runs->count; i++) c->used.set(runs->run[i].first, runs->run[i].pages);
    relist(c);
    if (c->live_spans++ == 0 && c == spare_) spare_ = nullptr;
    return true;
  }
  return false;
}

chunk* page_heap::give_idle(const idle_runs& runs, bool returned) noexcept {
  chunk* c = runs.c;
  for (unsigned i = 0; i < runs.count; i++) {
    const auto [first, pages] = runs.run[i];
    c->used.clear(first, pages);
    if (returned) c->dirty.clear(first, pages);
  }
  relist(c);
  return one_less_live(c);
}

bool page_heap::extend(span* s, unsigned pages) noexcept {
  chunk* c = chunk_of(s);
  const unsigned end = s->first_page + s->pages, more = pages - s->pages;
  if (c->used.next_set(end) < end + more || end + more > chunk_pages) return false;
  take(c, end, more);
  s->pages = static_cast<std::uint16_t>(pages);
  return true;
}

void page_heap::trim(span* s, unsigned pages) noexcept {
  const unsigned less = s->pages - pages;
  s->pages = static_cast<std::uint16_t>(pages);
  give(chunk_of(s), s->first_page + pages, less);
}

chunk* page_heap::find(unsigned pages, unsigned align_pages, unsigned* first) noexcept {
  for (unsigned list = list_of(pages); list < list_count; list++) {
    int tries = 0;
    for (chunk* c = lists_[list]; c != nullptr && tries < tries_per_list; c = c->next, tries++) {
      if (c->longest_free < pages) continue;
      *first = find_run(c, pages, align_pages);
      if (*first != 0) return c;
    }
  }
  return nullptr;
}

// The first chunk is on every program's start (libstdc++ takes 72 KiB before main), where a system call costs
// 0.5-4 us: the addresses around it are not given back. It refuses huge pages: where they are always on, its
// first fault would clear 2 MiB. The caller makes a span in it at once.
chunk* page_heap::add_chunk() noexcept {
  const bool is_first = !had_chunk_;
  void* at = map_aligned(chunk_bytes, chunk_bytes, is_first ? slack::kept : slack::unmapped);
  if (at == nullptr) return nullptr;
  chunk* c = static_cast<chunk*>(at);
  if (!chunks.enter(c)) {
    unmap_pages(c, chunk_bytes);
    return nullptr;
  }
  if (is_first) (void)sys::advise(c, chunk_bytes, sys::advice::no_huge_page);
  had_chunk_ = true;
  chunk_count_++;
  c->used.set(0, header_pages);
  c->round = round_;
  c->longest_free = usable_pages;
  link(c);
  return c;
}

void page_heap::take(chunk* c, unsigned first, unsigned count) noexcept {
  c->used.set(first, count);
  c->dirty.set(first, count);
  c->rested.clear(first, count);
  relist(c);
}

void page_heap::give(chunk* c, unsigned first, unsigned count) noexcept {
  c->used.clear(first, count);
  relist(c);
}

void page_heap::link(chunk* c) noexcept {
  chunk*& head = lists_[list_of(c->longest_free)];
  c->prev = nullptr;
  c->next = head;
  if (head != nullptr) head->prev = c;
  head = c;
}

void page_heap::unlink(chunk* c) noexcept {
  if (c->prev != nullptr) {
    c->prev->next = c->next;
  } else {
    lists_[list_of(c->longest_free)] = c->next;
  }
  if (c->next != nullptr) c->next->prev = c->prev;
}

void page_heap::relist(chunk* c) noexcept {
  const unsigned longest = longest_run(c);
  if (list_of(longest) == list_of(c->longest_free)) {
    c->longest_free = static_cast<std::uint16_t>(longest);
    return;
  }
  unlink(c);
  c->longest_free = static_cast<std::uint16_t>(longest);
  link(c);
}

}  // namespace rt0
