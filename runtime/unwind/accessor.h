// The way of a walk over code without unwind tables, which all of musl is: by what is certain, the return
// address. It lies on the stack, and is the first word that points behind a call of the function we are in;
// only if there is none, behind a call of something else that has no table (a function that was jumped to by
// the one that was called). What that function has pushed at its entry gives back the callee-saved registers.
//
// It is written once, over an accessor, for stacks seen from inside (walk.cc: this process' own memory) and
// from outside (tools/rt0db: a copy of a stopped process, or of a core). Over code that has tables the two go
// different ways. Inside, libgcc's unwinder: it is there anyway, for exceptions, and takes 150 ns a frame,
// but reads only its own process. Outside, libunwind's remote interface, which would cost every program 57 KB
// and 510 ns a frame. Rejected: an interpreter of CFI of our own over the same accessor, for both. Two
// well-kept ones exist; what they say of one program is compared by tests/debugger.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "rt0/arch.h"

namespace rt0 {

template <class A>
concept accessor = requires(A& a, std::uintptr_t address, void* into, std::size_t bytes) {
  // Memory; false: it cannot be read.
  { a.read(address, into, bytes) } -> std::same_as<bool>;
  // In the program's code, which is one range.
  { a.in_text(address) } -> std::same_as<bool>;
  // Covered by an unwind table.
  { a.has_table(address) } -> std::same_as<bool>;
  // Where the function that holds an address begins; 0: no symbol says.
  { a.entry_of(address) } -> std::same_as<std::uintptr_t>;
};

namespace without_tables {

constexpr std::uintptr_t max_frame_bytes = 16 << 10;     // musl's largest is 8 KiB
constexpr std::uintptr_t max_function_bytes = 32 << 10;  // likewise

// A word that is the return address of some call. *target: the direct one's; else 0.
template <accessor A>
bool returns(A& a, std::uintptr_t pc, std::uintptr_t* target) noexcept {
  std::uint8_t code[max_call_bytes];
  return a.in_text(pc) && a.in_text(pc - sizeof code) && a.read(pc - sizeof code, code, sizeof code) &&
         ends_in_call(code, pc, target) && (*target == 0 || a.in_text(*target));
}

// target is the function that holds pc. Its entry: 0 if no symbol says.
template <accessor A>
bool is_function(A& a, std::uintptr_t target, std::uintptr_t entry, std::uintptr_t pc) noexcept {
  if (target == 0) return false;
  if (entry != 0) return target == entry;
  return target <= pc && pc - target < max_function_bytes && !a.has_table(target);
}

// A frame pointer of who called the function whose return address lies there: it points further up, to where
// another and a return address lie.
template <accessor A>
bool is_frame_pointer(A& a, std::uintptr_t word, std::uintptr_t return_place) noexcept {
  std::uintptr_t caller = 0, target = 0;
  return word > return_place && word - return_place < max_frame_bytes && word % 8 == 0 &&
         a.read(word + 8, &caller, sizeof caller) && returns(a, caller, &target);
}

// The caller's frame pointer, which a function without tables has pushed somewhere below its return address.
// What a program was compiled to (rt0.specs) keeps one.
template <accessor A>
std::uintptr_t pushed_frame_pointer(A& a, std::uintptr_t lo, std::uintptr_t return_place) noexcept {
  constexpr int most = 7;
  for (int i = 1; i <= most && return_place - 8 * i >= lo; i++) {
    std::uintptr_t word = 0;
    if (!a.read(return_place - 8 * i, &word, sizeof word)) return 0;
    if (is_frame_pointer(a, word, return_place)) return word;
  }
  return 0;
}

// What the function does at its entry. Nothing known: entry == 0, or it cannot be read.
template <accessor A>
entry_effect effect_of_entry(A& a, std::uintptr_t entry, std::uintptr_t pc) noexcept {
  constexpr std::size_t most_code = 64;
  std::uint8_t code[most_code];
  std::size_t bytes = entry != 0 ? most_code : 0;
  while (bytes > 0 && !(a.in_text(entry + bytes - 1) && a.read(entry, code, bytes))) bytes /= 2;
  return effect_at_entry(code, bytes, pc - entry);
}

// Where the return address of at's frame lies; 0: nothing on the stack looks like one. What looks like one
// below `depth` may be a word that nobody wrote since another call, so it is the last choice.
template <accessor A>
std::uintptr_t return_place(A& a, const registers& at, std::uintptr_t entry, std::size_t depth) noexcept {
  std::uintptr_t likely = 0, unlikely = 0;
  for (std::uintptr_t place = at.sp(); place < at.sp() + max_frame_bytes; place += sizeof(std::uintptr_t)) {
    std::uintptr_t word = 0, target = 0;
    if (!a.read(place, &word, sizeof word)) break;
    if (!returns(a, word, &target)) continue;
    if (is_function(a, target, entry, at.pc())) return place;
    std::uintptr_t& found = place < at.sp() + depth ? unlikely : likely;
    if (found == 0) found = place;
  }
  return likely != 0 ? likely : unlikely;
}

// The callee-saved registers that the function has pushed, as its caller had them.
template <accessor A>
void restore_pushed(A& a, registers& at, const entry_effect& did, std::uintptr_t return_place) noexcept {
  bool has_frame_pointer = false;
  for (int i = 0; i < did.pushes; i++) {
    const std::uintptr_t place = return_place - sizeof(std::uintptr_t) * (i + 1);
    std::uintptr_t word = 0;
    if (place < at.sp() || !a.read(place, &word, sizeof word)) break;
    at.r[did.pushed[i]] = word;
    has_frame_pointer = has_frame_pointer || did.pushed[i] == DW_RBP;
  }
  // Not pushed, and there still: what lies below the return address may be one that is long over, in a word
  // that only aligns the stack (pipe's).
  if (has_frame_pointer || is_frame_pointer(a, at.r[DW_RBP], return_place)) return;
  const std::uintptr_t found = pushed_frame_pointer(a, at.sp(), return_place);
  if (found != 0) at.r[DW_RBP] = found;
}

}  // namespace without_tables

// From a frame of a function without tables to its caller: at.pc() is in the call then. False: nothing on the
// stack looks like a return address.
template <accessor A>
bool step_without_table(A& a, registers& at) noexcept {
  const std::uintptr_t entry = a.in_text(at.pc()) ? a.entry_of(at.pc()) : 0;
  const entry_effect did = without_tables::effect_of_entry(a, entry, at.pc());
  const std::uintptr_t place = without_tables::return_place(a, at, entry, did.depth);
  std::uintptr_t word = 0;
  if (place == 0 || !a.read(place, &word, sizeof word)) return false;
  without_tables::restore_pushed(a, at, did, place);
  at.r[DW_RSP] = place + sizeof(std::uintptr_t);
  at.r[DW_RIP] = word - 1;
  return true;
}

}  // namespace rt0
