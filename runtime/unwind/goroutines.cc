// Dumps of all goroutines. Up to a hundred are shown one by one, as Go does. Of more, those whose stacks are
// equal, frame by frame, and that wait for the same reason, are shown once, with the number of the others:
// 100,000 times ten frames are 200 ms to walk, but would be minutes to name and 100 MB to read.
#include "rt0/arch.h"
#include "runtime/sched/labels.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/signal.h"
#include "runtime/unwind/report_stack.h"
#include "runtime/unwind/traceback.h"
#include "runtime/unwind/walk.h"
#include "sys/mem.h"

namespace rt0 {
namespace {

constexpr std::uint32_t shown_one_by_one = 100, max_groups = 1000;
constexpr std::uint32_t max_ids = 10;

struct group {
  std::uint64_t hash;
  std::uint32_t first;  // place in allgs
  std::uint32_t count;
  std::uint64_t ids[max_ids];  // of the others
};

void mix(std::uint64_t& hash, std::uint64_t word) noexcept {
  hash = (hash ^ word) * 0x9e37'79b9'7f4a'7c15u;
  hash ^= hash >> 32;
}

struct hash_job {
  const registers* from;
  std::uint64_t hash;
};

std::uint64_t hash_of(const g* gp, const registers& here) noexcept {
  std::uint64_t hash = 0;
  mix(hash, reinterpret_cast<std::uintptr_t>(doing(gp)));
  mix(hash, gp->gopc);
  mix(hash, reinterpret_cast<std::uintptr_t>(first_label(gp)));
  registers at;
  if (!place_of(gp, here, &at)) return hash;
  hash_job job{&at, hash};
  (void)guarded(
      [](void* arg) {
        auto& it = *static_cast<hash_job*>(arg);
        const auto visit = [](const frame& f, void* to) {
          // By which way the runtime parked it is its own business.
          if (shows_system() || !in_core(f.pc)) mix(*static_cast<std::uint64_t*>(to), f.pc);
          return true;
        };
        (void)walk(*it.from, visit, &it.hash);
      },
      &job);
  return job.hash;
}

void print_one(report& out, const g* gp, const registers& here) noexcept {
  registers at;
  const bool known = place_of(gp, here, &at);
  out << "\n";
  print_goroutine(out, gp, doing(gp), known ? &at : nullptr);
}

// A table of groups, open addressing. What finds no room is only counted.
struct grouping {
  group* table;
  std::uint32_t groups = 0, left_out = 0;
  std::uint16_t order[max_groups] = {};  // their places, as they were met

  static constexpr std::uint32_t places = 4096;
  static_assert(places > 2 * max_groups);

  void add(const g* gp, std::uint32_t index, std::uint64_t hash) noexcept {
    std::uint64_t at = hash % places;
    while (table[at].count != 0 && table[at].hash != hash) at = (at + 1) % places;
    group& to = table[at];
    if (to.count == 0) {
      if (groups == max_groups) {
        left_out++;
        return;
      }
      order[groups++] = static_cast<std::uint16_t>(at);
      to.hash = hash;
      to.first = index;
    } else if (to.count <= max_ids) {
      to.ids[to.count - 1] = gp->goid;
    }
    to.count++;
  }
};

void print_group(report& out, const group& some, const registers& here) noexcept {
  print_one(out, allg_at(some.first), here);
  if (some.count == 1) return;
  const std::uint32_t more = some.count - 1;
  out << "and " << more << (more == 1 ? " more goroutine" : " more goroutines") << " with this stack: ";
  for (std::uint32_t i = 0; i < more && i < max_ids; i++) out << (i == 0 ? "" : ", ") << some.ids[i];
  out << (more > max_ids ? ", ...\n" : "\n");
}

void print_grouped(report& out, const g* but, const registers& here) noexcept {
  const auto memory = sys::map(grouping::places * sizeof(group), sys::map_kind::heap);
  if (!memory.ok()) {
    out << "\n(no memory to group them by)\n";
    return;
  }
  grouping all{static_cast<group*>(memory.value())};
  const std::uint32_t count = allg_count();
  for (std::uint32_t i = 0; i < count; i++) {
    const g* gp = allg_at(i);
    if (gp != but && is_shown(gp)) all.add(gp, i, hash_of(gp, here));
  }
  for (std::uint32_t i = 0; i < all.groups; i++) print_group(out, all.table[all.order[i]], here);
  if (all.left_out != 0) out << "\nand " << all.left_out << " more goroutines with other stacks\n";
  (void)sys::unmap(memory.value(), grouping::places * sizeof(group));
}

}  // namespace

void print_others(report& out, const g* but, const registers& here) noexcept {
  const std::uint32_t count = allg_count();
  std::uint32_t shown = 0;
  for (std::uint32_t i = 0; i < count; i++) shown += allg_at(i) != but && is_shown(allg_at(i)) ? 1 : 0;
  if (shown > shown_one_by_one) return print_grouped(out, but, here);
  for (std::uint32_t i = 0; i < count; i++) {
    if (allg_at(i) != but && is_shown(allg_at(i))) print_one(out, allg_at(i), here);
  }
}

}  // namespace rt0
