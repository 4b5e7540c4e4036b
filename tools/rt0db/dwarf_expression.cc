#include "tools/rt0db/dwarf_expression.h"

#include <cmath>
#include <cstring>

namespace rt0db {
namespace {

constexpr std::size_t most_steps = 10'000;  // an expression can go in circles
constexpr int first_vector = 17, vectors = 16;

std::size_t bytes_of_bits(std::size_t bits) { return (bits + 7) / 8; }

}  // namespace

const char optimized_out[] = "<optimized out>";

std::optional<Dwarf_Die> function_around(const std::vector<Dwarf_Die>& scopes) {
  for (Dwarf_Die scope : scopes) {
    if (dwarf_tag(&scope) == DW_TAG_subprogram) return scope;
  }
  return {};
}

location dwarf_evaluator::locate(Dwarf_Attribute attribute, std::size_t bytes) {
  location at;
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  const Dwarf_Addr pc = frame_.pc() - facts_.dwarf_bias;
  // A list has no entry for this pc: the variable is not alive, or was not kept.
  if (dwarf_getlocation_addr(&attribute, pc, &ops, &count, 1) != 1 || count == 0) {
    at.missing = optimized_out;
    return at;
  }
  stack_.clear();
  why_.clear();
  return locate_pieces({attribute, ops, count}, bytes);
}

bool dwarf_evaluator::address(Dwarf_Attribute attribute, std::uintptr_t start, std::uintptr_t* into) {
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0, at = 0;
  if (dwarf_getlocation(&attribute, &ops, &count) != 0) return false;
  stack_.clear();
  push(start);
  description d;
  if (!run({attribute, ops, count}, &at, &d) || d.how != ends::in_memory) return false;
  *into = d.top.bits;
  return true;
}

location dwarf_evaluator::locate_pieces(const program& of, std::size_t bytes) {
  location at;
  std::size_t i = 0;
  bool composite = false, some = false;
  while (i < of.count) {
    description d;
    if (!run(of, &i, &d)) {
      at.missing = why_.empty() ? optimized_out : why_;
      at.bytes.clear();
      return at;
    }
    const bool ends_in_piece = i < of.count;
    if (!ends_in_piece && composite) break;
    if (!ends_in_piece && d.how == ends::in_memory) {
      at.in_memory = true;
      at.address = d.top.bits;
      return at;
    }
    if (!ends_in_piece && d.how == ends::in_register) at.in_register = d.reg;
    std::size_t piece = bytes - std::min(bytes, at.bytes.size());
    if (ends_in_piece) {
      composite = true;
      const Dwarf_Op& op = of.ops[i++];
      // Pieces of single bits are of no compiler that we know, but where they are whole bytes.
      if (op.atom == DW_OP_bit_piece && (op.number % 8 != 0 || op.number2 != 0)) d.how = ends::nowhere;
      piece = op.atom == DW_OP_piece ? op.number : bytes_of_bits(op.number);
    }
    const bool known = add_piece(d, std::min(piece, bytes), &at);
    at.lost.resize(at.bytes.size(), !known);
    some = some || known;
    stack_.clear();
  }
  at.bytes.resize(bytes);
  at.lost.resize(bytes, true);
  if (some) return at;
  at.missing = why_.empty() ? optimized_out : why_;
  at.bytes.clear();
  return at;
}

bool dwarf_evaluator::add_piece(const description& from, std::size_t bytes, location* into) {
  const std::size_t begin = into->bytes.size();
  into->bytes.resize(begin + bytes);
  std::byte* to = into->bytes.data() + begin;
  const auto copy = [&](const void* data, std::size_t has) {
    if (has < bytes) return fail(optimized_out);
    memcpy(to, data, bytes);
    return true;
  };
  switch (from.how) {
    case ends::in_memory:
      if (frame_.read(from.top.bits, to, bytes)) return true;
      return fail("Cannot access memory at an address of a part of it");
    case ends::in_register: {
      std::byte vector[16];
      if (from.reg >= first_vector && from.reg < first_vector + vectors) {
        if (!frame_.get_vector(from.reg, vector)) return fail(optimized_out);
        return copy(vector, sizeof vector);
      }
      std::uint64_t word = 0;
      if (!frame_.get_register(from.reg, &word)) return fail(optimized_out);
      return copy(&word, sizeof word);
    }
    case ends::value: {
      // A value is as wide as its type; a structure of two numbers may be one, with nothing behind them.
      std::byte wide[16] = {};
      memcpy(wide, &from.top.bits, sizeof from.top.bits);
      if (as_signed(from.top) < 0 && from.top.how != element::kind::real) memset(wide + 8, 0xff, 8);
      return copy(wide, sizeof wide);
    }
    case ends::bytes: return copy(from.literal.data(), from.literal.size());
    case ends::nowhere: return fail(from.why.empty() ? optimized_out : from.why);
  }
  return false;
}

// Up to a piece's end, or all of it.
bool dwarf_evaluator::run(const program& of, std::size_t* at, description* into) {
  std::size_t steps = 0;
  bool described = false;
  for (; *at < of.count && steps < most_steps; steps++) {
    const Dwarf_Op& op = of.ops[*at];
    if (op.atom == DW_OP_piece || op.atom == DW_OP_bit_piece) break;
    if (describe(of, *at, op, into)) {
      described = true;
      ++*at;
      continue;
    }
    if (!why_.empty() || !step(of, at)) return false;
  }
  if (steps == most_steps) return fail(optimized_out);
  if (described) return true;
  if (stack_.empty()) return true;  // a piece that is nowhere
  into->how = ends::in_memory;
  into->top = stack_.back();
  return true;
}

// The operations that say what a location is, and do not compute.
bool dwarf_evaluator::describe(const program& of, std::size_t at, const Dwarf_Op& op, description* into) {
  const bool last = at + 1 == of.count || of.ops[at + 1].atom == DW_OP_piece ||
                    of.ops[at + 1].atom == DW_OP_bit_piece || of.ops[at + 1].atom == DW_OP_GNU_uninit;
  if ((op.atom >= DW_OP_reg0 && op.atom <= DW_OP_reg31) || op.atom == DW_OP_regx) {
    into->how = ends::in_register;
    into->reg = op.atom == DW_OP_regx ? static_cast<int>(op.number) : op.atom - DW_OP_reg0;
    return true;
  }
  switch (op.atom) {
    case DW_OP_stack_value: into->how = ends::value; return pop(&into->top);
    case DW_OP_implicit_value: {
      Dwarf_Block block;
      Dwarf_Attribute attribute = of.attribute;
      if (dwarf_getlocation_implicit_value(&attribute, &op, &block) != 0) return fail(optimized_out);
      const auto* data = reinterpret_cast<const std::byte*>(block.data);
      into->how = ends::bytes;
      into->literal.assign(data, data + block.length);
      return true;
    }
    case DW_OP_implicit_pointer:
    case DW_OP_GNU_implicit_pointer:
      into->how = ends::nowhere;
      into->why = "<synthetic pointer>";
      return true;
    case DW_OP_GNU_uninit: return last;
    default: return false;
  }
}

bool dwarf_evaluator::step(const program& of, std::size_t* at) {
  const Dwarf_Op& op = of.ops[*at];
  if (op.atom == DW_OP_skip || op.atom == DW_OP_bra) {
    element condition;
    if (op.atom == DW_OP_bra && !pop(&condition)) return false;
    if (op.atom == DW_OP_bra && condition.bits == 0) return ++*at, true;
    // Three bytes of its own behind it, from where the jump counts.
    const Dwarf_Word to = op.offset + 3 + static_cast<Dwarf_Word>(static_cast<std::int16_t>(op.number));
    for (std::size_t i = 0; i < of.count; i++) {
      if (of.ops[i].offset == to) return *at = i, true;
    }
    *at = of.count;
    return true;
  }
  ++*at;
  return step_simple(op) || (why_.empty() && step_place(of, op)) || (why_.empty() && step_typed(of, op)) ||
         (why_.empty() && step_stack(op)) || (why_.empty() && step_binary(op.atom));
}

// Constants, registers with an offset.
bool dwarf_evaluator::step_simple(const Dwarf_Op& op) {
  if (op.atom >= DW_OP_lit0 && op.atom <= DW_OP_lit31) return push(op.atom - DW_OP_lit0), true;
  if (op.atom >= DW_OP_breg0 && op.atom <= DW_OP_breg31) {
    return push_register(op.atom - DW_OP_breg0, static_cast<std::int64_t>(op.number));
  }
  switch (op.atom) {
    case DW_OP_const1u:
    case DW_OP_const2u:
    case DW_OP_const4u:
    case DW_OP_const8u:
    case DW_OP_constu:
    case DW_OP_const1s:
    case DW_OP_const2s:
    case DW_OP_const4s:
    case DW_OP_const8s:
    case DW_OP_consts: return push(op.number), true;
    case DW_OP_bregx:
      return push_register(static_cast<int>(op.number), static_cast<std::int64_t>(op.number2));
    case DW_OP_nop: return true;
    case DW_OP_addr:
      // What the linker has dropped is at 0.
      if (op.number == 0) return fail(optimized_out);
      return push(op.number + facts_.dwarf_bias + frame_.bias()), true;
    case DW_OP_fbreg: return push_frame_base(static_cast<std::int64_t>(op.number));
    case DW_OP_form_tls_address:
    case DW_OP_GNU_push_tls_address: {
      element offset;
      if (!pop(&offset)) return false;
      if (frame_.thread_pointer() == 0) return fail("Cannot find thread-local storage");
      return push(frame_.thread_pointer() - facts_.tls_bytes + offset.bits), true;
    }
    case DW_OP_call_frame_cfa: {
      std::uintptr_t cfa = 0;
      if (!frame_.cfa(&cfa)) return fail("<unavailable>");
      return push(cfa), true;
    }
    default: return false;
  }
}

// What another attribute says.
bool dwarf_evaluator::step_place(const program& of, const Dwarf_Op& op) {
  Dwarf_Attribute attribute = of.attribute, found;
  switch (op.atom) {
    case DW_OP_addrx:
    case DW_OP_constx:
    case DW_OP_GNU_addr_index:
    case DW_OP_GNU_const_index: {
      Dwarf_Addr address = 0;
      if (dwarf_getlocation_attr(&attribute, &op, &found) != 0 || dwarf_formaddr(&found, &address) != 0) {
        return fail(optimized_out);
      }
      const bool place = op.atom == DW_OP_addrx || op.atom == DW_OP_GNU_addr_index;
      return push(address + (place ? facts_.dwarf_bias + frame_.bias() : 0)), true;
    }
    case DW_OP_entry_value:
    case DW_OP_GNU_entry_value: return push_entry_value(of, op);
    case DW_OP_GNU_parameter_ref: {
      Dwarf_Die parameter;
      if (frame_.caller() == nullptr || dwarf_getlocation_die(&attribute, &op, &parameter) != 0) {
        return fail(optimized_out);
      }
      return push_parameter(*frame_.caller(), parameter);
    }
    default: return false;
  }
}

bool dwarf_evaluator::push_register(int number, std::int64_t offset) {
  std::uint64_t word = 0;
  if (!frame_.get_register(number, &word)) return fail(optimized_out);
  push(word + static_cast<std::uint64_t>(offset));
  return true;
}

bool dwarf_evaluator::push_frame_base(std::int64_t offset) {
  Dwarf_Attribute base;
  if (!function_ || dwarf_attr_integrate(&*function_, DW_AT_frame_base, &base) == nullptr) {
    return fail(optimized_out);
  }
  dwarf_evaluator inner(facts_, frame_, {});
  const location at = inner.locate(base, sizeof(std::uint64_t));
  if (!at.missing.empty()) return fail(at.missing);
  std::uint64_t word = at.address;
  if (!at.in_memory) memcpy(&word, at.bytes.data(), sizeof word);
  push(word + static_cast<std::uint64_t>(offset));
  return true;
}

bool dwarf_evaluator::push_memory(std::uintptr_t address, std::size_t bytes, element as) {
  as.bits = 0;
  if (bytes > sizeof as.bits) return fail(optimized_out);
  if (!frame_.read(address, &as.bits, bytes)) return fail("Cannot access memory at an address of its place");
  stack_.push_back(as);
  return true;
}

bool dwarf_evaluator::step_stack(const Dwarf_Op& op) {
  element a, b;
  switch (op.atom) {
    case DW_OP_dup:
    case DW_OP_over:
    case DW_OP_pick: {
      const std::size_t depth = op.atom == DW_OP_dup ? 0 : op.atom == DW_OP_over ? 1 : op.number;
      if (depth >= stack_.size()) return fail(optimized_out);
      stack_.push_back(stack_[stack_.size() - 1 - depth]);
      return true;
    }
    case DW_OP_drop: return pop(&a);
    case DW_OP_swap:
      if (stack_.size() < 2) return fail(optimized_out);
      std::swap(stack_[stack_.size() - 1], stack_[stack_.size() - 2]);
      return true;
    case DW_OP_rot:
      if (stack_.size() < 3) return fail(optimized_out);
      b = stack_.back();
      stack_.pop_back();
      stack_.insert(stack_.end() - 2, b);
      return true;
    case DW_OP_deref: return pop(&a) && push_memory(a.bits, sizeof(std::uint64_t), {});
    case DW_OP_deref_size: return pop(&a) && push_memory(a.bits, op.number, {});
    case DW_OP_plus_uconst:
      if (!pop(&a)) return false;
      a.bits += op.number;
      stack_.push_back(a);
      return true;
    case DW_OP_neg:
    case DW_OP_not:
    case DW_OP_abs: {
      if (!pop(&a)) return false;
      if (a.how == element::kind::real) {
        const double v = as_real(a);
        a = with_real(a, op.atom == DW_OP_abs ? std::fabs(v) : -v);
      } else if (op.atom == DW_OP_not) {
        a.bits = ~a.bits;
      } else if (op.atom == DW_OP_neg || as_signed(a) < 0) {
        a.bits = -a.bits;
      }
      stack_.push_back(a);
      return true;
    }
    default: return false;
  }
}

}  // namespace rt0db
