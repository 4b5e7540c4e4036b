// The page heap: runs of pages within chunks, and the chunks themselves. What small spans and medium blocks
// are cut from.
//
// Every chunk stands in the list of floor(log2(its longest free run)), so a search begins where a run may fit
// and goes to a fresh chunk only when no list has one. Within a chunk: first fit, lowest page, which keeps
// used pages together and those never used untouched. Fuller chunks come first, so emptier
// ones drain.
//
// A chunk none of whose spans is live can be unmapped, with the empty spans that still rest in it for their
// size class. One such chunk, the latest, is kept, so that a program at the edge does not map and unmap in
// turns: when the next one comes, the earlier is surplus, and the caller unlinks its resting spans and drops
// it.
//
// Free pages that were used stay dirty until a round returns them to the system: those that have been free
// since the round before, or all. While that is under way they count as used, and their chunk as live, so
// that the lock need not be held over the system call.
//
// Rejected: free runs as list nodes with boundary tags (faster by some tens of ns, but a span is asked for
// once in 4-256 blocks); Go's page allocator, a radix summary over all chunks (worth it beyond some 10^4
// chunks; find() is the place).
//
// Every function: under the heap's lock, on any stack, never parks.
#pragma once
#include <cstddef>

#include "runtime/mem/chunk.h"

namespace rt0 {

inline constexpr unsigned max_run_pages = 256;
inline constexpr unsigned max_run_align_pages = 256;

enum class slack { unmapped, kept };  // the addresses before and behind that an alignment needs

// Pages of zeroed memory at a multiple of align (a power of two, at least a page); nullptr: out of memory. No
// lock needed.
void* map_aligned(std::size_t bytes, std::size_t align, slack) noexcept;

// Free dirty pages of one chunk.
struct idle_runs {
  static constexpr unsigned most = 16;
  chunk* c;
  unsigned count;
  struct {
    std::uint16_t first, pages;
  } run[most];
};

class page_heap {
 public:
  // A live span of 1..max_run_pages pages, its first page at a multiple of align_pages; *dirty_pages of them,
  // from its start, may not be zero. nullptr: out of memory. Only first_page, pages and chunk::first_page[its
  // first] are set.
  span* allocate(unsigned pages, unsigned align_pages, unsigned* dirty_pages) noexcept;
  // Gives a live span's pages back. Returns a surplus chunk, which the caller must drop(), or nullptr.
  [[nodiscard]] chunk* release(span*) noexcept;
  // A live span that is empty stays where it is, no longer live. Returns as release().
  [[nodiscard]] chunk* rest(span*) noexcept;
  // A resting span is live again.
  void wake(span*) noexcept;
  // Unmaps a surplus chunk. Precondition: the spans that rest in it are in no list.
  void drop(chunk*) noexcept;
  // A resting span gives its pages back.
  void release_resting(span*) noexcept;
  // The chunk that was kept without a live span, no longer kept; the caller must drop() it. nullptr: none.
  [[nodiscard]] chunk* take_spare() noexcept;

  // A round: begin_round, then take_idle and give_idle in turns until there is nothing to take. all: not only
  // what has rested.
  void begin_round() noexcept { round_++; }
  bool take_idle(idle_runs*, bool all) noexcept;
  // They were returned: are zero now. Returns as release().
  [[nodiscard]] chunk* give_idle(const idle_runs&, bool returned) noexcept;

  // Grows the span over free pages behind it, or leaves it as it is.
  bool extend(span*, unsigned pages) noexcept;
  // Gives back the span's pages from the given count on; at least one stays.
  void trim(span*, unsigned pages) noexcept;

  std::size_t mapped_bytes() const noexcept { return chunk_count_ * chunk_bytes; }

 private:
  static constexpr unsigned list_count = 10;  // floor(log2(1..1023)); list 0 also for full chunks
  // Only in the first list searched may a run not fit; an aligned one may fail in further lists.
  static constexpr int tries_per_list = 8;
  // Invariant: every chunk in the last list, the spare too, fits every request, so a chunk is added only
  // without a spare.
  static_assert(max_run_pages + max_run_align_pages <= 1u << (list_count - 1));

  chunk* find(unsigned pages, unsigned align_pages, unsigned* first) noexcept;
  chunk* add_chunk() noexcept;
  chunk* one_less_live(chunk*) noexcept;
  void take(chunk*, unsigned first, unsigned count) noexcept;
  void give(chunk*, unsigned first, unsigned count) noexcept;
  void link(chunk*) noexcept;
  void unlink(chunk*) noexcept;
  void relist(chunk*) noexcept;
  chunk* not_in_this_round() noexcept;

  chunk* lists_[list_count] = {};
  chunk* spare_ = nullptr;  // the one chunk without live spans that is kept; it stands in its list too
  std::size_t chunk_count_ = 0;
  std::uint32_t round_ = 0;
  bool had_chunk_ = false;
};

}  // namespace rt0
