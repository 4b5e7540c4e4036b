#include "runtime/unwind/traceback.h"

#include "rt0/arch.h"
#include "runtime/base/text.h"
#include "runtime/sched/freeze.h"
#include "runtime/sched/labels.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/signal.h"
#include "runtime/unwind/ancestors.h"
#include "runtime/unwind/image_file.h"
#include "runtime/unwind/output.h"
#include "runtime/unwind/report_stack.h"
#include "runtime/unwind/symbols.h"
#include "runtime/unwind/walk.h"
#include "sys/clock.h"
#include "sys/image/image.h"

namespace rt0 {

constinit traceback_level traceback_shows = traceback_level::single;

namespace {

constinit bool ready = false;

constexpr std::uint64_t shown_at_top = 50, shown_at_bottom = 50;  // Go's numbers
constexpr std::size_t max_name_bytes = 1000;

constexpr const char* level_names[] = {"none", "single", "all", "system", "crash"};

// A function's name, in C++'s words.
void print_name(report& out, const source_place& place) noexcept {
  char name[max_name_bytes];
  demangle(place.function != nullptr ? place.function : "??", name, sizeof name);
  out << name;
  for (const char* c = name; *c != 0; c++) {
    if (*c == '(') return;
  }
  out << "(...)";
}

// "file:line +0xoffset", of a pc in the function that begins at entry.
void print_line(report& out, const source_place& place, std::uintptr_t pc, std::uintptr_t entry) noexcept {
  out << "\t";
  if (place.file != nullptr) {
    out << place.file << ":" << place.line;
  } else {
    out << hex{pc - sys::image::self().bias};
  }
  if (entry != 0) out << " +" << hex{pc - entry};
  out << "\n";
}

// Of what was inlined at pc the function that has the code.
source_place outermost_place(std::uintptr_t pc) noexcept {
  source_place found{};
  places_of(
      pc, [](const source_place& p, void* to) { *static_cast<source_place*>(to) = p; }, &found);
  return found;
}

// What is told of one pc: inlined functions, and last the one that has the code.
struct frame_printer {
  report* out;
  std::uintptr_t pc, entry;
  source_place last{};
  bool told = false;

  void print() noexcept {
    print_name(*out, last);
    *out << "\n";
    print_line(*out, last, pc, entry);
  }
  void take(const source_place& place) noexcept {
    if (told && !is_internal(last)) print();
    last = place;
    told = true;
  }
  // A library's own, by its reserved name: between std::invoke and what that calls there are three more.
  static bool is_internal(const source_place& place) noexcept {
    const char* name = place.function;
    return name != nullptr && name[0] == '_' && (name[1] == '_' || (name[1] == 'M' && name[2] == '_'));
  }
};

void print_frame(report& out, std::uintptr_t pc, bool all) noexcept {
  if (!in_text(pc)) {
    out << "??\n\t" << hex{pc} << "\n";
    return;
  }
  frame_printer it{&out, pc, entry_of(pc)};
  // What the runtime is made of is its own business; and to read the lines of all its parts takes 20 ms.
  if (in_core(pc) && !all) {
    it.take({symbol_of(pc).name, nullptr, 0});
  } else {
    places_of(
        pc, [](const source_place& place, void* to) { static_cast<frame_printer*>(to)->take(place); }, &it);
  }
  it.print();
}

// Which frames of a walk are shown. Of the runtime's own, those that run in a row, only the one that other
// code called, which is a function that the program knows; those at the very end, where a goroutine begins,
// not at all.
struct selection {
  report* out;
  bool all;  // the runtime's, too
  stack_bounds on;
  std::uint64_t shown = 0;
  std::uintptr_t pending = 0;  // a frame of the runtime's
  std::uintptr_t last[shown_at_bottom];

  void show(std::uintptr_t pc) noexcept {
    if (shown < shown_at_top) {
      print_frame(*out, pc, all);
    } else {
      last[shown % shown_at_bottom] = pc;
    }
    shown++;
  }
  void take(std::uintptr_t pc) noexcept {
    if (!all && in_core(pc)) {
      pending = pc;
      return;
    }
    if (pending != 0) show(pending);
    pending = 0;
    show(pc);
  }
  void finish() noexcept {
    if (shown <= shown_at_top) return;
    std::uint64_t from = shown_at_top;
    if (shown > shown_at_top + shown_at_bottom) {
      from = shown - shown_at_bottom;
      *out << "..." << from - shown_at_top << " frames elided...\n";
    }
    for (; from < shown; from++) print_frame(*out, last[from % shown_at_bottom], all);
  }
};

struct frames_job {
  selection* to;
  const registers* from;
};

void print_selection(selection chosen, const registers& from) noexcept {
  frames_job job{&chosen, &from};
  const bool whole = guarded(
      [](void* arg) {
        const auto& it = *static_cast<frames_job*>(arg);
        const auto visit = [](const frame& f, void* to) {
          auto& all = *static_cast<selection*>(to);
          all.take(f.pc);
          return f.sp >= all.on.lo && f.sp < all.on.hi;
        };
        const walk_end end = walk(*it.from, visit, it.to);
        // Not where a goroutine begins.
        if (end == walk_end::lost && it.to->pending != 0) it.to->show(it.to->pending);
      },
      &job);
  if (whole) {
    (void)guarded([](void* arg) { static_cast<selection*>(arg)->finish(); }, &chosen);
  } else {
    *chosen.out << "\t(the stack or its tables cannot be read further)\n";
  }
}

}  // namespace

bool traceback_init(const char* text) noexcept {
  ready = true;
  if (text == nullptr) return true;
  for (int i = 0; i <= static_cast<int>(traceback_level::crash); i++) {
    if (!same(text, level_names[i])) continue;
    traceback_shows = static_cast<traceback_level>(i);
    return true;
  }
  return false;
}

bool traceback_ready() noexcept { return ready; }

void print_frames(report& out, const registers& from) noexcept {
  print_selection({&out, shows_system(), {0, ~std::uintptr_t{0}}, 0, 0, {}}, from);
}

void print_runtime_frames(report& out, const registers& from, stack_bounds on) noexcept {
  print_selection({&out, true, on, 0, 0, {}}, from);
}

void print_pcs(report& out, const std::uintptr_t* pcs, std::uint64_t count) noexcept {
  struct kept {
    selection chosen;
    const std::uintptr_t* pcs;
    std::uint64_t count;
  } it{{&out, shows_system(), {}, 0, 0, {}}, pcs, count};
  (void)guarded(
      [](void* arg) {
        auto& all = *static_cast<kept*>(arg);
        for (std::uint64_t i = 0; i < all.count; i++) all.chosen.take(all.pcs[i]);
        all.chosen.finish();
      },
      &it);
}

const char* doing(const g* gp) noexcept {
  switch (readgstatus(gp)) {
    case gstatus::running: return "running";
    case gstatus::runnable: return "runnable";
    case gstatus::syscall: return "syscall";
    case gstatus::waiting: return text_of(gp->why);
    default: return "dead";
  }
}

namespace {

// They are in the heap, and of a goroutine that is not frozen (stall.cc) they may go meanwhile.
void print_labels(report& out, const g* gp) noexcept {
  struct labels {
    report* out;
    const g* gp;
  } it{&out, gp};
  (void)guarded(
      [](void* arg) {
        const auto& [to, of] = *static_cast<const labels*>(arg);
        const char* before = " {";
        for (const rt0_label* l = first_label(of); l != nullptr; l = next_label(of, l)) {
          *to << before << l->text << ": " << value_of(l);
          before = ", ";
        }
        if (before[0] == ',') *to << "}";
      },
      &it);
}

void print_creator(report& out, const g* gp) noexcept {
  struct creator {
    report* out;
    const g* gp;
  } it{&out, gp};
  (void)guarded(
      [](void* arg) {
        const auto& [to, created] = *static_cast<const creator*>(arg);
        const std::uintptr_t pc = created->gopc - 1;  // in the call
        const source_place place = outermost_place(pc);
        *to << "created by ";
        print_name(*to, place);
        *to << " in goroutine " << created->parent_goid << "\n";
        print_line(*to, place, pc, entry_of(pc));
      },
      &it);
}

}  // namespace

void print_goroutine(report& out, const g* gp, const char* why, const registers* from) noexcept {
  out << "goroutine " << gp->goid << " [" << why;
  if (readgstatus(gp) == gstatus::waiting) {
    const std::uint32_t minutes = (seconds_of(sys::nanotime()) - gp->tcb.waitsince_s) / 60;
    if (minutes >= 1) out << ", " << minutes << " minutes";
  }
  if (gp->lockedm.load(std::memory_order_relaxed) != nullptr) out << ", locked to thread";
  out << "]";
  if (gp->thread.name[0] != 0) out << " \"" << gp->thread.name << "\"";
  print_labels(out, gp);
  out << ":\n";
  if (from != nullptr) {
    print_frames(out, *from);
  } else {
    out << "\tgoroutine running on other thread; stack unavailable\n";
  }
  if (gp->parent_goid != 0) print_creator(out, gp);
  print_ancestors(out, gp);
}

bool is_shown(const g* gp) noexcept {
  const gstatus now = readgstatus(gp);
  if (now == gstatus::dead || now == gstatus::idle || left_behind(gp)) return false;
  return gp->kind != g_kind::system || shows_system();
}

bool place_of(const g* gp, const registers& here, registers* into) noexcept {
  // Where it left its stack; 0 while it is on it.
  if (gp->sched.sp != 0) {
    *into = registers_of(gp->sched);
    return true;
  }
  const auto on_its_stack = [gp](const registers& at) {
    return at.sp() >= gp->stack.lo && at.sp() < gp->stack.hi;
  };
  const m* mp = gp->m;
  if (mp == getm() || on_its_stack(here)) {
    *into = here;
    return true;
  }
  const registers* at = mp != nullptr ? frozen_registers(mp) : nullptr;
  // On its way to or from its stack: some M is on it.
  for (mp = sched.allm.load(std::memory_order_acquire); at == nullptr && mp != nullptr; mp = mp->alllink) {
    const registers* there = frozen_registers(mp);
    if (there != nullptr && on_its_stack(*there)) at = there;
  }
  if (at == nullptr) return false;
  *into = *at;
  return true;
}

}  // namespace rt0
