// Slabs of stack slots. Each size class has one slab that slots are carved from, in order; when it is used up
// the next one is mapped, twice as large up to a limit: a program with two threads reserves four stacks, not
// sixty-four, and one with a million does not make a million system calls.
//
// Guards: MADV_GUARD_INSTALL (Linux 6.13) marks pages inside a mapping. Where the kernel refuses it (older,
// or the slab is locked in memory by mlockall) mprotect cuts the mapping in two, and vm.max_map_count, 65,530
// by default, bounds the goroutines to about half of that. Which of the two is learned per slab, by the first
// refusal.
//
// Rejected: a lock-free bump pointer. A fresh stack costs a guard and a page fault, about 2.5 us; the lock
// is held for a few instructions of that, and only the mapping of a slab (one slot in up to 256) under it.
// Rejected: marking a whole slab when it is mapped: page tables for slots that may never be used.
#include "runtime/mem/stack.h"

#include <errno.h>

#include <atomic>

#include "runtime/base/debug_options.h"
#include "runtime/base/tables.h"
#include "runtime/lock/mutex.h"
#include "runtime/mem/pages.h"
#include "sys/image/image.h"
#include "sys/mem.h"

namespace rt0 {
namespace {

constexpr std::size_t shared_top_bytes = 4096;    // G and TLS that fit here cost the stack nothing
constexpr std::size_t first_frames_bytes = 1024;  // and this much of that page is left to the first frames
constexpr std::size_t line_bytes = 64;
constexpr std::size_t max_colours = 16;

constexpr std::size_t first_slab_slots = 4;
constexpr std::size_t max_slab_slots = 256;
constexpr std::size_t max_slab_bytes = std::size_t{512} << 20;

// What the slots of a class look like: the same for all of them, since the program's TLS is.
struct slot_shape {
  int size_class;
  std::size_t g_bytes;
  std::size_t bytes;
  std::size_t colours;
  sys::image::tls_layout tls;
};

// A slot that was carved and then got no guard. It waits for the next try; this lies where its G would.
struct unguarded {
  unguarded* next;
  std::uintptr_t base;
};

struct slab {
  std::uintptr_t begin, next, end;  // [next, end) is not carved yet
  std::size_t slots;
  bool advice_refused;
  unguarded* waiting;  // of this class, from any slab
};

constexpr int classes = max_stack_class - min_stack_class + 1;

constinit mutex<lock_rank::stack_slabs> slabs_lock;
RT0_TABLE constinit slab slabs[classes] RT0_GUARDED_BY(slabs_lock){};
constinit std::atomic<bool> first_made{false};

slab& slab_of(const slot_shape& shape) RT0_REQUIRES(slabs_lock) {
  return slabs[shape.size_class - min_stack_class];
}

slot_shape shape_of(int size_class, std::size_t g_bytes) noexcept {
  slot_shape shape{size_class, g_bytes, stack_guard_bytes + (std::size_t{1} << size_class), 1,
                   sys::image::tls()};
  const std::size_t top = shape.tls.bytes + g_bytes + shape.tls.align;
  if (top > shared_top_bytes) {
    shape.colours = max_colours;
    // An even number of pages more, so that all of them stay odd.
    shape.bytes += sys::round_up(top + max_colours * line_bytes, 2 * sys::page_bytes);
  } else if (top + first_frames_bytes <= shared_top_bytes) {
    const std::size_t lines = (shared_top_bytes - first_frames_bytes - top) / line_bytes + 1;
    shape.colours = lines < max_colours ? lines : max_colours;
  }
  return shape;
}

stack_place place_at(std::uintptr_t base, const slot_shape& shape) noexcept {
  // Consecutive slots have consecutive quotients.
  const std::size_t down = base / shape.bytes % shape.colours * line_bytes;
  stack_place place{};
  place.slot = {base, shape.bytes, static_cast<std::uint32_t>(shape.size_class)};
  place.g = sys::round_down(base + shape.bytes - shape.g_bytes - down, shape.tls.align);
  place.lo = base + stack_guard_bytes;
  place.hi = sys::round_down(place.g - shape.tls.bytes, line_bytes);
  return place;
}

// One touched page of an 8 MiB stack must not become a huge page; the kernel may lack huge pages (EINVAL).
void no_huge_pages(std::uintptr_t at, std::size_t bytes) noexcept {
  (void)sys::advise(reinterpret_cast<void*>(at), bytes, sys::advice::no_huge_page);
}

int protect_guard(std::uintptr_t base) noexcept {
  return sys::protect(reinterpret_cast<void*>(base), stack_guard_bytes, sys::access::none).error();
}

// Goroutine 1's, with the system calls that it needs and no slab: most processes never make a second one.
stack_alloc_result alone(const slot_shape& shape) noexcept {
  const auto mapping = map_pages(shape.bytes, sys::map_kind::stack);
  if (!mapping.ok()) return {{}, mapping.error()};
  const auto base = reinterpret_cast<std::uintptr_t>(mapping.value());
  no_huge_pages(base, shape.bytes);
  if (const int error = protect_guard(base)) {
    unmap_pages(mapping.value(), shape.bytes);
    return {{}, error};
  }
  return {place_at(base, shape), 0};
}

// Maps the next slab, as large as there is room. Errno, 0 if it worked.
int map_slab(slab& s, const slot_shape& shape) noexcept RT0_REQUIRES(slabs_lock) {
  const std::size_t by_bytes = max_slab_bytes / shape.bytes;
  const std::size_t limit = by_bytes < max_slab_slots ? by_bytes : max_slab_slots;
  std::size_t slots = s.slots == 0 ? first_slab_slots : s.slots * 2;
  if (slots > limit) slots = limit != 0 ? limit : 1;
  for (; slots != 0; slots /= 2) {
    const auto mapping = map_pages(slots * shape.bytes, sys::map_kind::stack);
    if (!mapping.ok() && slots > 1) continue;
    if (!mapping.ok()) return mapping.error();
    s.begin = s.next = reinterpret_cast<std::uintptr_t>(mapping.value());
    s.end = s.begin + slots * shape.bytes;
    s.slots = slots;
    s.advice_refused = debug.guard == 0;
    no_huge_pages(s.begin, slots * shape.bytes);
    return 0;
  }
  return ENOMEM;
}

struct carved {
  std::uintptr_t base;
  bool advice_refused;
  int error;
};

// The next slot, without its guard.
carved carve(const slot_shape& shape) noexcept {
  lock_guard hold(slabs_lock);
  slab& s = slab_of(shape);
  if (s.waiting != nullptr) {
    const unguarded slot = *s.waiting;
    *s.waiting = {};
    s.waiting = slot.next;
    return {slot.base, s.advice_refused, 0};
  }
  if (s.next == s.end) {
    if (const int error = map_slab(s, shape)) return {0, false, error};
  }
  const std::uintptr_t base = s.next;
  s.next += shape.bytes;
  return {base, s.advice_refused, 0};
}

// Invariant: without a guard nobody gets the slot (stack_test: refused guards).
void wait_for_guard(const stack_place& place, const slot_shape& shape) noexcept {
  auto* slot = reinterpret_cast<unguarded*>(place.g);
  lock_guard hold(slabs_lock);
  slab& s = slab_of(shape);
  *slot = {s.waiting, place.slot.base};
  s.waiting = slot;
}

void note_refusal(std::uintptr_t base, const slot_shape& shape) noexcept {
  lock_guard hold(slabs_lock);
  slab& s = slab_of(shape);
  if (base >= s.begin && base < s.end) s.advice_refused = true;
}

// Errno, 0 if the slot has a guard now.
int guard(const carved& slot, const slot_shape& shape) noexcept {
  if (!slot.advice_refused) {
    const auto at = reinterpret_cast<void*>(slot.base);
    const auto advised = sys::advise(at, stack_guard_bytes, sys::advice::guard_install);
    if (advised.ok()) return 0;
    if (advised.error() == EINVAL) note_refusal(slot.base, shape);
  }
  return protect_guard(slot.base);
}

}  // namespace

int stack_class_of(std::size_t bytes) noexcept {
  if (bytes > std::size_t{1} << max_stack_class) return -1;
  int size_class = min_stack_class;
  while ((std::size_t{1} << size_class) < bytes) size_class++;
  return size_class;
}

stack_alloc_result stack_alloc(int size_class, std::size_t g_bytes) noexcept {
  const slot_shape shape = shape_of(size_class, g_bytes);
  if (!first_made.load(std::memory_order_relaxed)) {  // no second M is there yet
    first_made.store(true, std::memory_order_relaxed);
    return alone(shape);
  }
  const carved slot = carve(shape);
  if (slot.error != 0) return {{}, slot.error};
  const stack_place place = place_at(slot.base, shape);
  if (const int error = guard(slot, shape)) {
    wait_for_guard(place, shape);
    return {{}, error};
  }
  return {place, 0};
}

void stack_return_pages(std::uintptr_t lo, std::uintptr_t hi) noexcept {
  const std::size_t bytes = sys::round_down(hi, sys::page_bytes) - lo;
  // Refused (EINVAL) where the pages are locked in memory: then they stay.
  (void)sys::advise(reinterpret_cast<void*>(lo), bytes, sys::advice::dont_need);
}

void stack_slabs_lock() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { slabs_lock.lock(); }
void stack_slabs_unlock() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { slabs_lock.unlock(); }

}  // namespace rt0
