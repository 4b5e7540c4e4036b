#include "runtime/unwind/cycles.h"

#include "runtime/sched/sched.h"
#include "runtime/sync/once_word.h"
#include "runtime/sync/wait_table.h"
#include "runtime/unwind/report_stack.h"
#include "sys/mem.h"

namespace rt0 {
namespace {

constexpr std::uint32_t max_shown = 10;
constexpr std::size_t owner_place =
    8;  // in a pthread_mutex_t, a pthread_rwlock_t: its owner's goid (libc/pthread)

struct waiter {
  std::uint64_t goid, for_goid;
  std::uint32_t seen;  // in which walk
  wait_reason why;
};

// Waiters by goid: open addressing.
struct graph {
  waiter* table;
  std::uint32_t places;  // a power of two, more than twice the waiters; 0 while they are counted
  std::uint32_t count;
  report* out;
  bool found;

  waiter* at(std::uint64_t goid) noexcept {
    std::uint64_t i = goid * 0x9e37'79b9'7f4a'7c15u >> 20 & (places - 1);
    while (table[i].goid != 0 && table[i].goid != goid) i = (i + 1) & (places - 1);
    return &table[i];
  }
};

// Of whom gp waits for something; 0: nobody can tell.
std::uint64_t awaited(const g* gp, const void* address) noexcept {
  const auto* word = static_cast<const char*>(address);
  switch (gp->why) {
    case wait_reason::join: return reinterpret_cast<const g*>(word - offsetof(g, thread.join))->goid;
    case wait_reason::mutex:
    case wait_reason::read_lock:
    case wait_reason::write_lock:
      return reinterpret_cast<const std::atomic<std::uint64_t>*>(word + owner_place)
          ->load(std::memory_order_relaxed);
    case wait_reason::once: {
      const std::uint32_t index = static_cast<const once_word*>(address)->owner();
      return index != 0 && index <= allg_count() ? allg_at(index - 1)->goid : 0;
    }
    default: return 0;
  }
}

const char* text_of_wait(wait_reason why) noexcept {
  switch (why) {
    case wait_reason::join: return " waits for the end of goroutine ";
    case wait_reason::mutex: return " waits for a mutex of goroutine ";
    case wait_reason::once: return " waits for what is done once by goroutine ";
    default: return " waits for an rwlock of goroutine ";
  }
}

void add(const g* gp, const void* address, void* arg) {
  auto& all = *static_cast<graph*>(arg);
  if (readgstatus(gp) != gstatus::waiting) return;
  if (gp->wait_timer.heap.load(std::memory_order_relaxed) != nullptr) return;  // a wait that ends by itself
  const std::uint64_t goal = awaited(gp, address);
  if (goal == 0) return;
  if (all.places == 0) {
    all.count++;
  } else if (all.count-- != 0) {
    *all.at(gp->goid) = {gp->goid, goal, 0, gp->why};
  }
}

void print_cycle(graph& all, const waiter* first) noexcept {
  *all.out << "\nlock cycle:\n";
  const waiter* w = first;
  do {
    *all.out << "\tgoroutine " << w->goid << text_of_wait(w->why) << w->for_goid << "\n";
    w = all.at(w->for_goid);
  } while (w != first);
  all.found = true;
}

void find(graph& all) noexcept {
  std::uint32_t walks = 0, shown = 0;
  for (std::uint32_t i = 0; i < all.places && shown < max_shown; i++) {
    if (all.table[i].goid == 0 || all.table[i].seen != 0) continue;
    walks++;
    waiter* w = &all.table[i];
    while (w->goid != 0 && w->seen == 0) {
      w->seen = walks;
      w = all.at(w->for_goid);
    }
    if (w->goid == 0 || w->seen != walks) continue;  // it ends, or leads to where an earlier walk was
    print_cycle(all, w);
    shown++;
  }
}

}  // namespace

bool print_cycles(report& out) noexcept {
  graph all{nullptr, 0, 0, &out, false};
  (void)guarded([](void* arg) { visit_waiters(add, arg); }, &all);
  if (all.count == 0) return false;
  std::uint32_t places = 16;
  while (places < 3 * all.count) places *= 2;
  const auto memory = sys::map(places * sizeof(waiter), sys::map_kind::heap);
  if (!memory.ok()) return false;
  all.table = static_cast<waiter*>(memory.value());
  all.places = places;
  (void)guarded([](void* arg) { visit_waiters(add, arg); }, &all);
  find(all);
  (void)sys::unmap(memory.value(), places * sizeof(waiter));
  return all.found;
}

}  // namespace rt0
