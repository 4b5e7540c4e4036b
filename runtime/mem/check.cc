#include "runtime/mem/check.h"

#include <cstring>

#include "runtime/base/fatal.h"
#include "runtime/base/report.h"
#include "runtime/base/tables.h"
#include "runtime/lock/mutex.h"

namespace rt0 {
namespace {

constexpr unsigned char behind_end = 0xbd, freed = 0xdb;
constexpr std::uintptr_t free_mark = ~std::uintptr_t{0};
constexpr unsigned quarantine_blocks = 256;

struct quarantine {
  mutex<lock_rank::heap_check> lock;
  unsigned next RT0_GUARDED_BY(lock) = 0;
  void* blocks[quarantine_blocks] RT0_GUARDED_BY(lock) = {};
};
RT0_TABLE constinit quarantine waiting{};

std::size_t room(const span* s) { return size_classes[s->size_class].bytes - check_tail_bytes; }

// The sealed word: the size, or free_mark.
std::uintptr_t read_tail(const span* s, const void* block) {
  std::uintptr_t word;
  std::memcpy(&word, static_cast<const char*>(block) + room(s), sizeof word);
  return word ^ seal_key ^ reinterpret_cast<std::uintptr_t>(block);
}

void write_tail(const span* s, void* block, std::uintptr_t value) {
  const std::uintptr_t word = value ^ seal_key ^ reinterpret_cast<std::uintptr_t>(block);
  std::memcpy(static_cast<char*>(block) + room(s), &word, sizeof word);
}

[[noreturn]] void tell(const void* block, const char* what, std::size_t byte, const char* why) {
  report() << "rt0: block " << hex{reinterpret_cast<std::uintptr_t>(block)} << what << byte << "\n";
  fatal(why);
}

// The first byte in [from, to) that is not as it was left, or to.
std::size_t first_other(const void* block, std::size_t from, std::size_t to, unsigned char byte) {
  const auto* at = static_cast<const unsigned char*>(block);
  while (from < to && at[from] == byte) from++;
  return from;
}

void must_be_untouched(const span* s, const void* block) {
  const std::size_t at = first_other(block, 0, room(s), freed);
  if (at != room(s))
    tell(block, ", freed, was written to at byte ", at, "malloc(): a freed block was written to");
}

void own(const span* s, void* block, std::size_t bytes) {
  std::memset(static_cast<char*>(block) + bytes, behind_end, room(s) - bytes);
  write_tail(s, block, bytes);
}

}  // namespace

grant checked_alloc(unsigned cls, std::size_t bytes) noexcept {
  const grant got = central_alloc(cls);
  if (got.at == nullptr) return got;
  const span* s = find_small(got.at).s;
  if (read_tail(s, got.at) == free_mark) must_be_untouched(s, got.at);
  own(s, got.at, bytes);
  return got;
}

std::size_t checked_bytes(const span* s, const void* block) noexcept {
  const std::uintptr_t tail = read_tail(s, block);
  if (tail == free_mark) fatal("free(): double free detected");
  if (tail > room(s))
    tell(block, " was written to behind its end, up to byte ", room(s), "free(): a block was overrun");
  const std::size_t at = first_other(block, tail, room(s), behind_end);
  if (at != room(s))
    tell(block, " was written to behind its end, at byte ", at, "free(): a block was overrun");
  return tail;
}

bool checked_resize(const span* s, void* block, std::size_t bytes) noexcept {
  if (bytes > room(s)) return false;
  own(s, block, bytes);
  return true;
}

void checked_free(block_ref ref, void* block) noexcept {
  if (!ref.s->is_out(ref.index)) fatal("free(): double free detected");
  (void)checked_bytes(ref.s, block);
  std::memset(block, freed, room(ref.s));
  write_tail(ref.s, block, free_mark);
  void* oldest;
  {
    lock_guard hold(waiting.lock);
    oldest = waiting.blocks[waiting.next];
    waiting.blocks[waiting.next] = block;
    waiting.next = (waiting.next + 1) % quarantine_blocks;
  }
  if (oldest == nullptr) return;
  const block_ref old = find_small(oldest);
  must_be_untouched(old.s, oldest);
  central_free(old);
}

void check_forget(const span* s) noexcept {
  char* end = span_base(s);
  for (unsigned i = 0; i < s->blocks; i++) {
    end += size_classes[s->size_class].bytes;
    std::memset(end - check_tail_bytes, 0, check_tail_bytes);
  }
}

void check_lock() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { waiting.lock.lock(); }
void check_unlock() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS { waiting.lock.unlock(); }

}  // namespace rt0
