// allgs: every goroutine ever made, for dumps and for the debugger, which read it without a lock: the table
// never moves.
//
// A two-level table: blocks of 4,096 places, made on demand; 2^15 blocks are 2^27 goroutines, below the 2^30
// that a FILE lock can name.
#include "runtime/base/fatal.h"
#include "runtime/base/tables.h"
#include "runtime/mem/pages.h"
#include "runtime/sched/sched.h"

namespace rt0 {
namespace {

constexpr std::uint32_t block_places = 4096;
constexpr std::uint32_t max_blocks = 1u << 15;

using block = std::atomic<g*>[block_places];

constinit mutex<lock_rank::allg> allg_lock;
constinit std::atomic<std::uint32_t> allg_length{0};
RT0_TABLE constinit std::atomic<block*> blocks[max_blocks];
// The first few need no block: a small process touches neither the table nor a mapping.
constexpr std::uint32_t near_places = 32;
constinit std::atomic<g*> near[near_places];

// Where place i is kept; in a block that is there.
std::atomic<g*>& place(std::uint32_t i) noexcept {
  if (i < near_places) return near[i];
  return (*blocks[i / block_places].load(std::memory_order_relaxed))[i % block_places];
}

// Called with allg_lock held.
void make_block_of(std::uint32_t i) noexcept {
  std::atomic<block*>& slot = blocks[i / block_places];
  if (slot.load(std::memory_order_relaxed) != nullptr) return;
  const auto fresh = map_pages(sizeof(block), sys::map_kind::heap);
  ensure(fresh.ok(), "allgadd: out of memory");
  slot.store(static_cast<block*>(fresh.value()), std::memory_order_relaxed);
}

}  // namespace

void allgadd(g* gp) noexcept {
  ensure(readgstatus(gp) != gstatus::idle, "allgadd: bad status idle");
  lock_guard hold(allg_lock);
  const std::uint32_t i = allg_length.load(std::memory_order_relaxed);
  ensure(i / block_places < max_blocks, "allgadd: more than 134217728 goroutines at once");
  if (i >= near_places) make_block_of(i);
  place(i).store(gp, std::memory_order_relaxed);
  gp->index = i + 1;
  allg_length.store(i + 1, std::memory_order_release);  // pairs with: allg_count load(acquire)
}

std::uint32_t allg_count() noexcept {
  return allg_length.load(std::memory_order_acquire);  // pairs with: allgadd store(release)
}

g* allg_at(std::uint32_t i) noexcept { return place(i).load(std::memory_order_relaxed); }

}  // namespace rt0
