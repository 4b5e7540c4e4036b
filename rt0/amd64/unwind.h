// unwind.S, and what the walk of a stack must know of the CPU.
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "rt0/amd64/preempt.h"
#include "rt0/gobuf.h"
#include "rt0/layout.h"

namespace rt0 {

// A place in a program: all that a walk begins with. By DWARF's numbers.
struct registers {
  static constexpr int sp_number = DW_RSP, pc_number = DW_RIP, count = DW_RIP + 1;
  std::uintptr_t r[count];

  std::uintptr_t pc() const noexcept { return r[pc_number]; }
  std::uintptr_t sp() const noexcept { return r[sp_number]; }
};
static_assert(sizeof(registers) == 8 * (DW_RIP + 1));

// In the order in which Go prints them.
struct register_name {
  char text[5];
  std::uint8_t number;
};
inline constexpr register_name register_names[] = {
    {"rax", DW_RAX}, {"rbx", DW_RBX}, {"rcx", DW_RCX}, {"rdx", DW_RDX}, {"rdi", DW_RDI}, {"rsi", DW_RSI},
    {"rbp", DW_RBP}, {"rsp", DW_RSP}, {"r8", DW_R8},   {"r9", DW_R9},   {"r10", DW_R10}, {"r11", DW_R11},
    {"r12", DW_R12}, {"r13", DW_R13}, {"r14", DW_R14}, {"r15", DW_R15}, {"rip", DW_RIP}};

extern "C" {
int rt0_unwind_from(const registers* from, int (*visit)(void* frame, void* arg), void* arg);
void rt0_registers_here(registers* into);
int rt0_guarded(void (*fn)(void*), void* arg, std::uintptr_t* guard);
extern const char rt0_guarded_fault[];
}

// Of a signal's ucontext.
inline registers registers_of(const void* ucontext) noexcept {
  constexpr std::uint16_t place[registers::count] = {UC_RAX, UC_RDX, UC_RCX, UC_RBX, UC_RSI, UC_RDI,
                                                     UC_RBP, UC_RSP, UC_R8,  UC_R9,  UC_R10, UC_R11,
                                                     UC_R12, UC_R13, UC_R14, UC_R15, UC_RIP};
  registers all;
  for (int i = 0; i < registers::count; i++) {
    all.r[i] = *reinterpret_cast<const std::uintptr_t*>(static_cast<const char*>(ucontext) + place[i]);
  }
  return all;
}

// Of a goroutine that left its stack: by then the others are on it.
inline registers registers_of(const gobuf& saved) noexcept {
  registers all{};
  all.r[DW_RSP] = saved.sp;
  all.r[DW_RIP] = saved.pc;
  all.r[DW_RBP] = saved.bp;
  return all;
}

// The handler returns into rt0_guarded, which returns 1.
inline void leave_guarded(void* ucontext, std::uintptr_t guard) noexcept {
  auto word = [ucontext](int at) -> std::uintptr_t& {
    return *reinterpret_cast<std::uintptr_t*>(static_cast<char*>(ucontext) + at);
  };
  word(UC_RIP) = reinterpret_cast<std::uintptr_t>(rt0_guarded_fault);
  word(UC_RSP) = guard;
}

constexpr std::size_t max_call_bytes = 7;

// The code that ends at pc ends in a call instruction, direct or indirect. *target: the direct one's; else 0.
inline bool ends_in_call(const std::uint8_t (&code)[max_call_bytes], std::uintptr_t pc,
                         std::uintptr_t* target) noexcept {
  constexpr std::uint8_t call_rel32 = 0xe8, group5 = 0xff;
  const std::uint8_t* end = code + max_call_bytes;
  *target = 0;
  if (end[-5] == call_rel32) {
    std::int32_t distance;
    __builtin_memcpy(&distance, end - 4, sizeof distance);
    *target = pc + static_cast<std::uintptr_t>(static_cast<std::int64_t>(distance));
    return true;
  }
  // ff /2: the register or memory forms, with 0, 1 or 4 bytes of displacement, and one more with SIB
  for (int bytes : {2, 3, 4, 6, 7}) {
    if (end[-bytes] == group5 && (end[1 - bytes] & 0x38) == 0x10) return true;
  }
  return false;
}

// Of an operand: its ModRM byte and what follows from that.
inline std::size_t operand_bytes(const std::uint8_t* modrm) noexcept {
  const int mod = *modrm >> 6, rm = *modrm & 7;
  if (mod == 3) return 1;
  const bool has_index = rm == 4;
  const bool far = mod == 2 || (mod == 0 && (rm == 5 || (has_index && (modrm[1] & 7) == 5)));
  return 1u + (has_index ? 1u : 0u) + (far ? 4u : static_cast<std::size_t>(mod));
}

constexpr int max_pushes = 8;

// What a function does to the stack when it is entered, as far as its first instructions say it in words that
// are known: pushes, `sub` of rsp, and in between moves of arguments and cleared registers.
struct entry_effect {
  std::uint8_t pushed[max_pushes];  // DWARF's numbers, in their order: what lies below the return address
  int pushes = 0;
  std::size_t depth = 0;  // bytes below the return address when the instruction at `until` runs; or more
};

// Of code without unwind tables, of which `bytes` are there.
inline entry_effect effect_at_entry(const std::uint8_t* code, std::size_t bytes, std::size_t until) noexcept {
  constexpr std::uint8_t dwarf_of[16] = {DW_RAX, DW_RCX, DW_RDX, DW_RBX, DW_RSP, DW_RBP, DW_RSI, DW_RDI,
                                         DW_R8,  DW_R9,  DW_R10, DW_R11, DW_R12, DW_R13, DW_R14, DW_R15};
  constexpr std::size_t longest = 12;
  constexpr std::uint8_t of_rsp = 0xec;  // the operand of `sub $n, %rsp`
  entry_effect found;
  bool only_pushes = true;
  for (std::size_t i = 0; i + longest <= bytes;) {
    const bool done = i < until;
    if (code[i] == 0xf3 && code[i + 1] == 0x0f && code[i + 2] == 0x1e) {  // endbr64
      i += 4;
      continue;
    }
    if (code[i] == 0x66 && code[i + 1] == 0x0f && code[i + 2] == 0xef && code[i + 3] >= 0xc0) {  // pxor
      i += 4;
      continue;
    }
    const std::uint8_t rex = (code[i] & 0xf0) == 0x40 ? code[i++] : 0, op = code[i++];
    if ((op & 0xf8) == 0x50) {  // push
      if (only_pushes && found.pushes < max_pushes) {
        found.pushed[found.pushes++] = dwarf_of[(op & 7) | (rex & 1) << 3];
      }
      found.depth += done ? 8 : 0;
    } else if (op == 0x89 || op == 0x8b || op == 0x8d || op == 0x31 || op == 0x63) {  // mov, lea, xor, movslq
      i += operand_bytes(&code[i]);
    } else if ((op & 0xf8) == 0xb8 && (rex & 8) == 0) {  // mov of a 32-bit constant
      i += 4;
    } else if (op == 0x83 && (rex & 8) != 0 && code[i] == of_rsp && code[i + 1] < 0x80) {
      only_pushes = false;
      found.depth += done ? code[i + 1] : 0;
      i += 2;
    } else if (op == 0x81 && (rex & 8) != 0 && code[i] == of_rsp && code[i + 4] < 0x80) {
      only_pushes = false;
      std::uint32_t bytes_taken;
      __builtin_memcpy(&bytes_taken, &code[i + 1], sizeof bytes_taken);
      found.depth += done ? bytes_taken : 0;
      i += 5;
    } else {
      break;
    }
  }
  return found;
}

}  // namespace rt0
