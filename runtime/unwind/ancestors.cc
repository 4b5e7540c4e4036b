// Source: Go 1.21 proc.go saveAncestors, traceback.go printAncestorTraceback.
#include "runtime/unwind/ancestors.h"

#include <algorithm>

#include "rt0/arch.h"
#include "rt0/upcalls.h"
#include "runtime/base/debug_options.h"
#include "runtime/mem/heap.h"
#include "runtime/sched/m.h"
#include "runtime/unwind/report_stack.h"
#include "runtime/unwind/traceback.h"
#include "runtime/unwind/walk.h"

namespace rt0 {

struct ancestry {
  const ancestry* older() const noexcept { return reinterpret_cast<const ancestry*>(pcs + frames); }
  std::size_t bytes() const noexcept { return sizeof *this + frames * sizeof pcs[0]; }

  std::uint64_t goid;  // 0: there is none, this is the end
  std::uint64_t frames;
  std::uintptr_t pcs[];
};

namespace {

constexpr std::uint64_t max_frames = 50;  // Go's number

struct stack_copy {
  const registers* from;
  std::uint64_t frames;
  std::uintptr_t pcs[max_frames];
};

// On g0, which has the room.
void copy_stack(void* arg) {
  auto& it = *static_cast<stack_copy*>(arg);
  const auto visit = [](const frame& f, void* to) {
    auto& copy = *static_cast<stack_copy*>(to);
    copy.pcs[copy.frames++] = f.pc;
    return copy.frames < max_frames;
  };
  (void)walk(*it.from, visit, &it);
}

// Of the creator's ancestors those that are kept: where they end, of N with the creator itself.
const ancestry* end_of_kept(const ancestry* first) noexcept {
  for (int kept = 1; kept < debug.tracebackancestors && first->goid != 0; kept++) first = first->older();
  return first;
}

}  // namespace

extern "C" void rt0_save_ancestors(g* made) {
  heap_free(made->ancestors);
  made->ancestors = nullptr;
  const g* by = getg();
  if (by != getm()->curg || made->kind == g_kind::system) return;  // a timer's, or the runtime's own
  registers here;
  rt0_registers_here(&here);
  stack_copy now{&here, 0, {}};
  rt0_systemstack(copy_stack, &now);
  const auto* inherited = reinterpret_cast<const char*>(by->ancestors);
  const std::size_t inherited_bytes =
      inherited != nullptr
          ? static_cast<std::size_t>(reinterpret_cast<const char*>(end_of_kept(by->ancestors)) - inherited)
          : 0;
  const std::size_t own_bytes = sizeof(ancestry) + now.frames * sizeof now.pcs[0];
  auto* first = static_cast<ancestry*>(heap_alloc_zeroed(own_bytes + inherited_bytes + sizeof(ancestry)));
  if (first == nullptr) return;
  first->goid = by->goid;
  first->frames = now.frames;
  __builtin_memcpy(first->pcs, now.pcs, now.frames * sizeof now.pcs[0]);
  if (inherited != nullptr) {
    __builtin_memcpy(reinterpret_cast<char*>(first) + own_bytes, inherited, inherited_bytes);
  }
  made->ancestors = first;
}

void print_ancestors(report& out, const g* gp) noexcept {
  struct reading {
    const ancestry* one;
    stack_copy copy;
    std::uint64_t goid;
  } it{gp->ancestors, {}, 0};
  // In the heap: of a goroutine that is not frozen (stall.cc) they may go meanwhile, and be anything.
  const auto read = [](void* arg) {
    auto& r = *static_cast<reading*>(arg);
    r.goid = r.one->goid;
    r.copy.frames = std::min(r.one->frames, max_frames);
    __builtin_memcpy(r.copy.pcs, r.one->pcs, r.copy.frames * sizeof r.copy.pcs[0]);
    r.one = r.one->older();
  };
  for (int left = debug.tracebackancestors; it.one != nullptr && left > 0; left--) {
    if (!guarded(read, &it) || it.goid == 0) return;
    out << "[originating from goroutine " << it.goid << "]:\n";
    print_pcs(out, it.copy.pcs, it.copy.frames);
    if (it.copy.frames == max_frames) out << "...additional frames elided...\n";
  }
}

}  // namespace rt0
