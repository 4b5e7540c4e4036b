// allgs: every goroutine ever made, for dumps and for the debugger, which read it without a lock: the table
// never moves.
//
// A two-level table: blocks of 4,096 places, made on demand; 2^15 blocks are 2^27 goroutines, below the 2^30
// that a FILE lock can name. The first few places need no block: a small process touches neither that table
// nor a mapping.
#include "runtime/base/fatal.h"
#include "runtime/base/tables.h"
#include "runtime/mem/pages.h"
#include "runtime/sched/sched.h"

namespace rt0 {

constinit allg_table allgs;
RT0_TABLE constinit std::atomic<allg_table::block*> allg_blocks[allg_table::max_blocks];

namespace {

using block = allg_table::block;
constexpr std::uint32_t near_places = allg_table::near_places, block_places = allg_table::block_places;

constinit mutex<lock_rank::allg> allg_lock;

// Where place i is kept; in a block that is there.
allg_table::place& place(std::uint32_t i) noexcept {
  if (i < near_places) return allgs.near[i];
  return (*allg_blocks[i / block_places].load(std::memory_order_relaxed))[i % block_places];
}

// Called with allg_lock held.
void make_block_of(std::uint32_t i) noexcept {
  std::atomic<block*>& slot = allg_blocks[i / block_places];
  if (slot.load(std::memory_order_relaxed) != nullptr) return;
  const auto fresh = map_pages(sizeof(block), sys::map_kind::heap);
  ensure(fresh.ok(), "allgadd: out of memory");
  slot.store(static_cast<block*>(fresh.value()), std::memory_order_relaxed);
}

}  // namespace

void allgadd(g* gp) noexcept {
  ensure(readgstatus(gp) != gstatus::idle, "allgadd: bad status idle");
  lock_guard hold(allg_lock);
  const std::uint32_t i = allgs.length.load(std::memory_order_relaxed);
  ensure(i / block_places < allg_table::max_blocks, "allgadd: more than 134217728 goroutines at once");
  if (i >= near_places) make_block_of(i);
  place(i).store(gp, std::memory_order_relaxed);
  gp->index = i + 1;
  allgs.length.store(i + 1, std::memory_order_release);  // pairs with: allg_count load(acquire)
}

std::uint32_t allg_count() noexcept {
  return allgs.length.load(std::memory_order_acquire);  // pairs with: allgadd store(release)
}

g* allg_at(std::uint32_t i) noexcept { return place(i).load(std::memory_order_relaxed); }

}  // namespace rt0
