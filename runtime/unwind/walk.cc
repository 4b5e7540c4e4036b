#include "runtime/unwind/walk.h"

#include <atomic>

#include "rt0/upcalls.h"
#include "runtime/unwind/accessor.h"
#include "runtime/unwind/symbols.h"
#include "sys/mem.h"
#include "sys/signal.h"

// libgcc's, renamed.
extern "C" {
std::uintptr_t rt0_lib__Unwind_GetIPInfo(void* context, int* before_instruction);
std::uintptr_t rt0_lib__Unwind_GetCFA(void* context);
std::uintptr_t rt0_lib__Unwind_GetGR(void* context, int number);
const void* rt0_lib__Unwind_Find_FDE(std::uintptr_t pc, std::uintptr_t (*bases)[3]);
}

namespace rt0 {
namespace {

constexpr int go_on = 0, stop = 4;                // _Unwind_Reason_Code
constexpr std::uint64_t max_frames = 10'000'000;  // of a stack that is a circle

struct walker {
  frame_visitor visit;
  void* arg;
  registers last;  // of the frame that was visited last
  bool begun;      // rt0_unwind_from's own frame is behind us
  bool ended;      // at the outermost frame
  bool stopped;
  std::uint64_t frames;
};

int visit_one(void* context, void* arg) {
  auto& w = *static_cast<walker*>(arg);
  if (!w.begun) {
    w.begun = true;
    return go_on;
  }
  int before = 0;
  const std::uintptr_t pc = rt0_lib__Unwind_GetIPInfo(context, &before);
  if (pc == 0) {
    w.ended = true;
    return stop;
  }
  for (int reg : {DW_RBX, DW_RBP, DW_R12, DW_R13, DW_R14, DW_R15}) {
    w.last.r[reg] = rt0_lib__Unwind_GetGR(context, reg);
  }
  w.last.r[DW_RIP] = before != 0 ? pc : pc - 1;
  w.last.r[DW_RSP] = rt0_lib__Unwind_GetCFA(context);
  w.stopped = ++w.frames > max_frames || !w.visit({w.last.pc(), w.last.sp()}, w.arg);
  return w.stopped ? stop : go_on;
}

std::uintptr_t word_at(std::uintptr_t address) noexcept {
  return *reinterpret_cast<const std::uintptr_t*>(address);
}

// This process, from inside. Behind a stack's end may lie another's guard, and a search for a return address
// that is not there gets so far: whether a page can be read is asked once for each page that it enters.
struct own_memory {
  std::uintptr_t readable_page = 0;

  bool read(std::uintptr_t address, void* into, std::size_t bytes) noexcept {
    const std::uintptr_t last = address + bytes - 1;
    for (std::uintptr_t page :
         {sys::round_down(address, sys::page_bytes), sys::round_down(last, sys::page_bytes)}) {
      if (page == readable_page || rt0::in_text(page)) continue;
      if (!sys::is_readable(page)) return false;
      readable_page = page;
    }
    __builtin_memcpy(into, reinterpret_cast<const void*>(address), bytes);
    return true;
  }
  bool in_text(std::uintptr_t pc) noexcept { return rt0::in_text(pc); }
  bool has_table(std::uintptr_t pc) noexcept { return has_unwind_table(pc); }
  std::uintptr_t entry_of(std::uintptr_t pc) noexcept { return rt0::entry_of(pc); }
};
static_assert(accessor<own_memory>);

}  // namespace

bool has_unwind_table(std::uintptr_t pc) noexcept {
  std::uintptr_t bases[3];
  return rt0_lib__Unwind_Find_FDE(pc, &bases) != nullptr;
}

extern "C" void rt0_prepare_walks() {
  registers here;
  rt0_registers_here(&here);
  (void)walk(
      here, [](const frame&, void*) { return false; }, nullptr);
}

std::uintptr_t caller_of(std::uintptr_t pc, std::uintptr_t sp, const registers& here) noexcept {
  // A pc and its distance in one word: below 64 KiB, and text lies below 2^47.
  static constinit std::atomic<std::uint64_t> known{0};
  constexpr int distance_bits = 16;
  const std::uint64_t key = pc << distance_bits;
  const std::uint64_t found = known.load(std::memory_order_relaxed);
  std::uint64_t distance = found - key;
  if (distance >> distance_bits != 0) {
    struct search {
      std::uintptr_t sp, next_sp;
    } it{sp, 0};
    const auto visit = [](const frame& f, void* arg) {
      auto& s = *static_cast<search*>(arg);
      if (f.sp > s.sp) s.next_sp = f.sp;
      return s.next_sp == 0;
    };
    (void)walk(here, visit, &it);
    distance = it.next_sp - sp;
    if (it.next_sp == 0 || distance >> distance_bits != 0) return 0;
    known.store(key + distance, std::memory_order_relaxed);
  }
  return word_at(sp + distance - sizeof(std::uintptr_t));
}

walk_end walk(const registers& from, frame_visitor visit, void* arg) noexcept {
  walker w{visit, arg, from, false, false, false, 0};
  registers at = from;
  own_memory memory;
  if (!in_text(at.pc())) {
    // The vDSO; or a call of something that is no code, its caller's address on top of the stack.
    if (!visit({at.pc(), at.sp()}, arg)) return walk_end::stopped;
    if (!step_without_table(memory, at)) return walk_end::lost;
  }
  for (;;) {
    w.begun = false;
    (void)rt0_unwind_from(&at, visit_one, &w);
    if (w.ended) return walk_end::outermost;
    if (w.stopped) return walk_end::stopped;
    at = w.last;
    if (!in_text(at.pc()) || !step_without_table(memory, at)) return walk_end::lost;
  }
}

}  // namespace rt0
