#include "runtime/lock/held.h"

#include "rt0/upcalls.h"
#include "runtime/base/fatal.h"
#include "runtime/base/report.h"

namespace rt0 {
namespace {

constexpr int rank_shift = 56;

std::uint64_t word_of(const void* lock, lock_rank rank) noexcept {
  return reinterpret_cast<std::uint64_t>(lock) | static_cast<std::uint64_t>(rank) << rank_shift;
}
constexpr lock_rank rank_of(std::uint64_t word) noexcept {
  return static_cast<lock_rank>(word >> rank_shift);
}
constexpr std::uint64_t address_of(std::uint64_t word) noexcept {
  return word & ((std::uint64_t{1} << rank_shift) - 1);
}

// nullptr: a test of lower rooms, without Ms.
held_locks* of_this_m() noexcept { return rt0_held_locks != nullptr ? rt0_held_locks() : nullptr; }

[[noreturn]] void bad_order(const held_locks& held, std::uint64_t wanted) noexcept {
  {
    report out;
    out << "lock " << text_of(rank_of(wanted)) << " (" << hex{address_of(wanted)}
        << ") is wanted by an M that holds";
    for (std::int32_t i = 0; i < held.count; i++) {
      const std::uint64_t word = held.words[i];
      out << (i == 0 ? " " : ", ") << text_of(rank_of(word)) << " (" << hex{address_of(word)} << ")";
    }
    out << "\n";
  }
  throw_("lock ordering problem");
}

}  // namespace

void check_rank(const void* lock, lock_rank rank) noexcept {
  const held_locks* held = of_this_m();
  if (held == nullptr) return;
  // Rank and address in one word: rising rank, and among equals rising address.
  const std::uint64_t wanted = word_of(lock, rank);
  for (std::int32_t i = 0; i < held->count; i++) {
    if (held->words[i] >= wanted) bad_order(*held, wanted);
  }
}

void note_held(const void* lock, lock_rank rank) noexcept {
  held_locks* held = of_this_m();
  if (held == nullptr) return;
  ensure(held->count < held_locks::most, "too many locks held concurrently for rank checking");
  held->words[held->count++] = word_of(lock, rank);
}

void note_released(const void* lock) noexcept {
  held_locks* held = of_this_m();
  if (held == nullptr) return;
  for (std::int32_t i = held->count - 1; i >= 0; i--) {
    if (address_of(held->words[i]) != reinterpret_cast<std::uint64_t>(lock)) continue;
    for (held->count--; i < held->count; i++) held->words[i] = held->words[i + 1];
    return;
  }
  throw_("a lock is released by an M that does not hold it");
}

}  // namespace rt0
