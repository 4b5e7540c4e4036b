#include "runtime/unwind/walk.h"

#include <atomic>

#include "rt0/upcalls.h"
#include "runtime/unwind/symbols.h"

// libgcc's, renamed.
extern "C" {
std::uintptr_t rt0_lib__Unwind_GetIPInfo(void* context, int* before_instruction);
std::uintptr_t rt0_lib__Unwind_GetCFA(void* context);
std::uintptr_t rt0_lib__Unwind_GetGR(void* context, int number);
}

namespace rt0 {
namespace {

constexpr int go_on = 0, stop = 4;                    // _Unwind_Reason_Code
constexpr std::uintptr_t max_frame_bytes = 16 << 10;  // musl's largest is 8 KiB
constexpr std::uint64_t max_frames = 10'000'000;      // of a stack that is a circle

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

// A word that is the return address of some call; *target as ends_in_call has it.
bool returns(std::uintptr_t pc, std::uintptr_t* target) noexcept {
  constexpr std::uintptr_t longest_call = 7;
  return in_text(pc) && in_text(pc - longest_call) && ends_in_call(pc, target);
}

// The caller's frame pointer, which a function without tables has pushed somewhere below its return address:
// a word that points further up, to where a frame pointer and a return address lie. What a program was
// compiled to (rt0.specs) keeps one.
std::uintptr_t pushed_frame_pointer(std::uintptr_t lo, std::uintptr_t return_place) noexcept {
  constexpr int most = 7;
  std::uintptr_t target = 0;
  for (int i = 1; i <= most && return_place - 8 * i >= lo; i++) {
    const std::uintptr_t word = word_at(return_place - 8 * i);
    const bool above = word > return_place && word - return_place < max_frame_bytes && word % 8 == 0;
    if (above && returns(word_at(word + 8), &target)) return word;
  }
  return 0;
}

// From a frame of a function without tables to its caller. False: nothing on the stack looks like one.
//
// The nearest word that points behind a call of this very function wins; only then one behind any other call
// (a function that was jumped to by the one that was called).
bool step_by_calls(registers& at) noexcept {
  const std::uintptr_t entry = entry_of(at.pc());
  std::uintptr_t likely = 0;
  const std::uintptr_t end = at.sp() + max_frame_bytes;
  for (std::uintptr_t place = at.sp(); place < end; place += sizeof(std::uintptr_t)) {
    std::uintptr_t target = 0;
    const std::uintptr_t pc = word_at(place);
    if (!returns(pc, &target)) continue;
    if (entry != 0 && target != entry) {
      if (likely == 0) likely = place;
      continue;
    }
    likely = place;
    break;
  }
  if (likely == 0) return false;
  std::uint8_t pushed[8];
  const int n = entry != 0 ? pushed_at_entry(entry, pushed) : 0;
  bool has_frame_pointer = false;
  std::uintptr_t place = likely;
  for (int i = 0; i < n && place > at.sp(); i++) {
    at.r[pushed[i]] = word_at(place -= sizeof(std::uintptr_t));
    has_frame_pointer = has_frame_pointer || pushed[i] == DW_RBP;
  }
  if (!has_frame_pointer) {
    const std::uintptr_t found = pushed_frame_pointer(at.sp(), likely);
    if (found != 0) at.r[DW_RBP] = found;
  }
  at.r[DW_RSP] = likely + sizeof(std::uintptr_t);
  at.r[DW_RIP] = word_at(likely) - 1;
  return true;
}

}  // namespace

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
  if (!in_text(at.pc())) {
    // The vDSO; or a call of something that is no code, its caller's address on top of the stack.
    if (!visit({at.pc(), at.sp()}, arg)) return walk_end::stopped;
    if (!step_by_calls(at)) return walk_end::lost;
  }
  for (;;) {
    w.begun = false;
    (void)rt0_unwind_from(&at, visit_one, &w);
    if (w.ended) return walk_end::outermost;
    if (w.stopped) return walk_end::stopped;
    at = w.last;
    if (!in_text(at.pc()) || !step_by_calls(at)) return walk_end::lost;
  }
}

}  // namespace rt0
