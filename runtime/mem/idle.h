// What the heap keeps for later goes back to the system when it lay idle for a period: blocks in exchanges
// and in the caches of Ps that rest, pages of spans that are gone, empty spans, the spare chunk.
//
// Periods run only while somebody frees. At the end of one goes what nobody wanted since its start; and if
// nobody freed in it, all there is, and no period follows: a process that rests is woken two or three times
// and then no more.
//
//   no period --freed--> period --over, freed meanwhile: the unwanted goes--> period
//                        period --over, nothing freed: all goes--> no period
//
// Exact is the due time, not what counts as freed: a free that a P's cache takes is not noted.
//
// One caller at a time (sysmon); no lock held, never parks.
#pragma once
#include <atomic>
#include <cstdint>

namespace rt0 {

inline constexpr std::int64_t heap_idle_ns = 5'000'000'000;

extern constinit std::atomic<bool> heap_was_freed;

// Something was freed beyond a P's lists. Relaxed, as the reading of it: it may come a period late.
inline void heap_freed() noexcept {
  if (!heap_was_freed.load(std::memory_order_relaxed)) heap_was_freed.store(true, std::memory_order_relaxed);
}

// When return_idle has something to do; INT64_MAX while nothing was freed.
std::int64_t heap_return_due_ns() noexcept;
// Ends the period, if it is over. purge_caches: of Ps that rested through it, or of all that rest now.
void heap_return_idle(std::int64_t now_ns, void (*purge_caches)(bool all)) noexcept;

}  // namespace rt0
