// The parts of the machine of dwarf_expression.h that need types: arithmetic, DWARF 5's typed operations.
#include <cmath>
#include <cstring>

#include "tools/rt0db/dwarf_expression.h"

namespace rt0db {
namespace {

std::uint64_t masked(std::uint64_t bits, std::size_t bytes) {
  return bytes >= 8 ? bits : bits & ((std::uint64_t{1} << (8 * bytes)) - 1);
}

}  // namespace

std::int64_t dwarf_evaluator::as_signed(const element& e) {
  if (e.bytes >= 8 || e.how == element::kind::is_unsigned) return static_cast<std::int64_t>(e.bits);
  const int unused = 64 - 8 * e.bytes;
  return static_cast<std::int64_t>(e.bits << unused) >> unused;
}

double dwarf_evaluator::as_real(const element& e) {
  if (e.how == element::kind::is_unsigned) return static_cast<double>(e.bits);
  if (e.how != element::kind::real) return static_cast<double>(as_signed(e));
  double wide = 0;
  float narrow = 0;
  memcpy(&wide, &e.bits, sizeof wide);
  memcpy(&narrow, &e.bits, sizeof narrow);
  return e.bytes == sizeof narrow ? static_cast<double>(narrow) : wide;
}

dwarf_evaluator::element dwarf_evaluator::with_real(element e, double value) {
  e.bits = 0;
  const float narrow = static_cast<float>(value);
  if (e.bytes == sizeof narrow) {
    memcpy(&e.bits, &narrow, sizeof narrow);
  } else {
    memcpy(&e.bits, &value, sizeof value);
  }
  return e;
}

dwarf_evaluator::element dwarf_evaluator::of_type(Dwarf_Die die) {
  std::int64_t bytes = 0, encoding = 0;
  element e;
  if (!number_of(die, DW_AT_byte_size, &bytes) || !number_of(die, DW_AT_encoding, &encoding)) return e;
  e.bytes = static_cast<std::uint8_t>(bytes);
  e.how = encoding == DW_ATE_float                                      ? element::kind::real
          : encoding == DW_ATE_signed || encoding == DW_ATE_signed_char ? element::kind::is_signed
                                                                        : element::kind::is_unsigned;
  return e;
}

bool dwarf_evaluator::step_typed(const program& of, const Dwarf_Op& op) {
  Dwarf_Attribute attribute = of.attribute;
  Dwarf_Die die;
  element as, from;
  const auto read_type = [&] {
    const bool generic = (op.atom == DW_OP_convert || op.atom == DW_OP_GNU_convert ||
                          op.atom == DW_OP_reinterpret || op.atom == DW_OP_GNU_reinterpret) &&
                         op.number == 0;
    if (generic) return true;
    if (dwarf_getlocation_die(&attribute, &op, &die) != 0) return fail(optimized_out);
    as = of_type(die);
    return as.bytes <= 8 || fail(optimized_out);
  };
  switch (op.atom) {
    case DW_OP_const_type:
    case DW_OP_GNU_const_type: {
      Dwarf_Attribute constant;
      Dwarf_Block block;
      if (!read_type() || dwarf_getlocation_attr(&attribute, &op, &constant) != 0 ||
          dwarf_formblock(&constant, &block) != 0 || block.length > sizeof as.bits) {
        return fail(optimized_out);
      }
      memcpy(&as.bits, block.data, block.length);
      break;
    }
    case DW_OP_regval_type:
    case DW_OP_GNU_regval_type: {
      const int number = static_cast<int>(op.number);
      std::byte vector[16];
      if (!read_type()) return false;
      if (number >= 17 && number <= 32) {
        if (!frame_.get_vector(number, vector)) return fail(optimized_out);
        memcpy(&as.bits, vector, sizeof as.bits);
      } else if (!frame_.get_register(number, &as.bits)) {
        return fail(optimized_out);
      }
      as.bits = masked(as.bits, as.bytes);
      break;
    }
    case DW_OP_deref_type:
    case DW_OP_GNU_deref_type: return read_type() && pop(&from) && push_memory(from.bits, op.number, as);
    case DW_OP_convert:
    case DW_OP_GNU_convert:
      if (!read_type() || !pop(&from)) return false;
      if (as.how == element::kind::real) {
        as = with_real(as, as_real(from));
      } else if (from.how == element::kind::real) {
        as.bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(as_real(from)));
      } else {
        as.bits = static_cast<std::uint64_t>(as_signed(from));
      }
      as.bits = masked(as.bits, as.bytes);
      break;
    case DW_OP_reinterpret:
    case DW_OP_GNU_reinterpret:
      if (!read_type() || !pop(&from)) return false;
      as.bits = masked(from.bits, as.bytes);
      break;
    default: return false;
  }
  stack_.push_back(as);
  return true;
}

bool dwarf_evaluator::step_real(int atom, const element& a, const element& b) {
  const double x = as_real(a), y = as_real(b);
  double r = 0;
  switch (atom) {
    case DW_OP_plus: r = x + y; break;
    case DW_OP_minus: r = x - y; break;
    case DW_OP_mul: r = x * y; break;
    case DW_OP_div: r = x / y; break;
    default: {
      const bool yes = (atom == DW_OP_eq && x == y) || (atom == DW_OP_ne && x != y) ||
                       (atom == DW_OP_lt && x < y) || (atom == DW_OP_le && x <= y) ||
                       (atom == DW_OP_gt && x > y) || (atom == DW_OP_ge && x >= y);
      push(yes ? 1 : 0);
      return true;
    }
  }
  stack_.push_back(with_real(a, r));
  return true;
}

// Below the top: a; the top: b.
bool dwarf_evaluator::step_binary(int atom) {
  element a, b;
  if (stack_.size() < 2 || !pop(&b) || !pop(&a)) return fail(optimized_out);
  if (a.how == element::kind::real) return step_real(atom, a, b);
  const std::int64_t x = as_signed(a), y = as_signed(b);
  const bool wholly = a.how == element::kind::is_unsigned;
  const auto result = [&](std::uint64_t bits) {
    element r = a;
    r.bits = masked(bits, r.bytes);
    stack_.push_back(r);
    return true;
  };
  const auto compared = [&](bool yes) { return push(yes ? 1 : 0), true; };
  switch (atom) {
    case DW_OP_and: return result(a.bits & b.bits);
    case DW_OP_or: return result(a.bits | b.bits);
    case DW_OP_xor: return result(a.bits ^ b.bits);
    case DW_OP_plus: return result(a.bits + b.bits);
    case DW_OP_minus: return result(a.bits - b.bits);
    case DW_OP_mul: return result(a.bits * b.bits);
    case DW_OP_div:
      if (y == 0 || (y == -1 && x == INT64_MIN)) return fail(optimized_out);
      return result(wholly ? a.bits / b.bits : static_cast<std::uint64_t>(x / y));
    case DW_OP_mod:  // of the generic type: unsigned
      if (b.bits == 0 || (y == -1 && a.how == element::kind::is_signed)) return fail(optimized_out);
      return result(a.how == element::kind::is_signed ? static_cast<std::uint64_t>(x % y) : a.bits % b.bits);
    case DW_OP_shl: return result(b.bits > 63 ? 0 : a.bits << b.bits);
    case DW_OP_shr: return result(b.bits > 63 ? 0 : a.bits >> b.bits);
    case DW_OP_shra: return result(static_cast<std::uint64_t>(x >> (b.bits > 63 ? 63 : b.bits)));
    case DW_OP_eq: return compared(a.bits == b.bits);
    case DW_OP_ne: return compared(a.bits != b.bits);
    case DW_OP_lt: return compared(wholly ? a.bits < b.bits : x < y);
    case DW_OP_le: return compared(wholly ? a.bits <= b.bits : x <= y);
    case DW_OP_gt: return compared(wholly ? a.bits > b.bits : x > y);
    case DW_OP_ge: return compared(wholly ? a.bits >= b.bits : x >= y);
    default: return fail(optimized_out);
  }
}

}  // namespace rt0db
