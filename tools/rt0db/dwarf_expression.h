// Where a variable is: DWARF's location expressions, in a frame.
//
// libdw decodes them; this is the machine that runs them (DWARF 5, 2.5 and 2.6). A location list is asked for
// what holds at the frame's pc. What a register held when the function was entered, DW_OP_entry_value, is
// what the caller passed, if its call says so and the call was one of this function: not, if there was a
// tail call in between.
#pragma once
#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/rt0db/dwarf_types.h"
#include "tools/rt0db/frame.h"
#include "tools/rt0db/symbols.h"

namespace rt0db {

// Of an object: an address, or bytes; or why there is neither.
struct location {
  bool in_memory = false;
  std::uintptr_t address = 0;  // the process'
  int in_register = -1;        // the bytes are that register's, and can be written there
  std::vector<std::byte> bytes;
  std::vector<bool> lost;  // bytes that are not known; empty: all are
  std::string missing;     // why none is
};

extern const char optimized_out[];

// What holds for the whole program.
struct program_facts {
  const symbols* names = nullptr;
  Dwarf_Addr dwarf_bias = 0;     // between DWARF's addresses and the file's
  std::uintptr_t tls_bytes = 0;  // how far below the thread pointer the program's TLS block begins
};

class dwarf_evaluator {
 public:
  // function: the one around f's pc that has the code, whose frame base holds; not `has`: none.
  dwarf_evaluator(const program_facts& facts, const frame& f, std::optional<Dwarf_Die> function)
      : facts_(facts), frame_(f), function_(function) {}

  // Of `bytes` bytes, by DW_AT_location.
  location locate(Dwarf_Attribute attribute, std::size_t bytes);
  // An address or an offset by an expression that begins with `start` on the stack:
  // DW_AT_data_member_location.
  bool address(Dwarf_Attribute attribute, std::uintptr_t start, std::uintptr_t* into);

 private:
  // A value on the stack: of the generic type, or of a base type.
  struct element {
    std::uint64_t bits = 0;
    std::uint8_t bytes = 8;
    enum class kind : std::uint8_t { generic, is_unsigned, is_signed, real } how = kind::generic;
  };
  enum class ends { in_memory, in_register, value, bytes, nowhere };
  // What the stack and the operations that end a description say.
  struct description {
    ends how = ends::nowhere;
    int reg = 0;
    element top;
    std::vector<std::byte> literal;
    std::string why;
  };
  struct program {
    Dwarf_Attribute attribute;
    const Dwarf_Op* ops;
    std::size_t count;
  };

  bool run(const program& of, std::size_t* at, description* into);
  bool step(const program& of, std::size_t* at);
  bool step_simple(const Dwarf_Op& op);
  bool step_place(const program& of, const Dwarf_Op& op);
  bool step_typed(const program& of, const Dwarf_Op& op);
  bool step_stack(const Dwarf_Op& op);
  bool step_binary(int atom);
  bool step_real(int atom, const element& a, const element& b);
  bool push_entry_value(const program& of, const Dwarf_Op& op);
  bool push_parameter(const frame& caller, Dwarf_Die parameter);
  bool was_called_by(Dwarf_Die site);
  std::optional<element> passed(const frame& caller, Dwarf_Attribute attribute);
  bool push_register(int number, std::int64_t offset);
  bool push_frame_base(std::int64_t offset);
  bool push_memory(std::uintptr_t address, std::size_t bytes, element as);
  bool describe(const program& of, std::size_t at, const Dwarf_Op& op, description* into);
  bool add_piece(const description& from, std::size_t bytes, location* into);
  location locate_pieces(const program& of, std::size_t bytes);
  static element of_type(Dwarf_Die die);
  static std::int64_t as_signed(const element& e);
  static double as_real(const element& e);
  static element with_real(element e, double value);

  bool fail(const std::string& why) {
    if (why_.empty()) why_ = why;
    return false;
  }
  void push(std::uint64_t bits) { stack_.push_back({bits, 8, element::kind::generic}); }
  bool pop(element* into) {
    if (stack_.empty()) return fail(optimized_out);
    *into = stack_.back();
    stack_.pop_back();
    return true;
  }

  const program_facts& facts_;
  const frame& frame_;
  std::optional<Dwarf_Die> function_;
  std::vector<element> stack_;
  std::string why_;
  int nested_ = 0;
};

// The function whose code is at pc, of the file, not an inlined one.
std::optional<Dwarf_Die> function_around(const std::vector<Dwarf_Die>& scopes);

}  // namespace rt0db
