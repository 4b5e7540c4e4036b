#include "tools/rt0db/dwarf_types.h"

namespace rt0db {
namespace {

constexpr int deepest = 32;  // of typedefs, pointers and the like, in programs whose DWARF goes in circles

bool is_qualifier(int tag) {
  return tag == DW_TAG_const_type || tag == DW_TAG_volatile_type || tag == DW_TAG_restrict_type ||
         tag == DW_TAG_atomic_type;
}

std::vector<Dwarf_Die> dimensions(Dwarf_Die array) {
  std::vector<Dwarf_Die> all;
  for_each_child(array, [&](Dwarf_Die child) {
    if (dwarf_tag(&child) == DW_TAG_subrange_type) all.push_back(child);
  });
  return all;
}

std::int64_t count_of(Dwarf_Die dimension) {
  std::int64_t n = 0;
  if (number_of(dimension, DW_AT_count, &n)) return n;
  return number_of(dimension, DW_AT_upper_bound, &n) ? n + 1 : -1;
}

// A bit-field's place. DWARF 5's counts bits from the structure's begin; before, from the upper end of a
// storage unit.
void place_bits(field& f, std::size_t type_bytes) {
  std::int64_t size = 0, at = 0, unit = 0;
  if (!number_of(f.die, DW_AT_bit_size, &size)) return;
  f.bit_size = static_cast<int>(size);
  if (number_of(f.die, DW_AT_data_bit_offset, &at)) {
    at += f.offset * 8;
  } else if (number_of(f.die, DW_AT_bit_offset, &at)) {
    if (!number_of(f.die, DW_AT_byte_size, &unit)) unit = static_cast<std::int64_t>(type_bytes);
    at = f.offset * 8 + unit * 8 - at - size;
  } else {
    at = f.offset * 8;
  }
  f.offset = at / 8;
  f.bit_offset = static_cast<int>(at % 8);
}

}  // namespace

const basic_type bool_type{"bool", DW_ATE_boolean, 1}, char_type{"char", DW_ATE_signed_char, 1},
    int_type{"int", DW_ATE_signed, 4}, unsigned_type{"unsigned int", DW_ATE_unsigned, 4},
    long_type{"long", DW_ATE_signed, 8}, unsigned_long_type{"unsigned long", DW_ATE_unsigned, 8},
    float_type{"float", DW_ATE_float, 4}, double_type{"double", DW_ATE_float, 8},
    long_double_type{"long double", DW_ATE_float, 16};

type basic(const basic_type& of) {
  type t;
  t.basic = &of;
  return t;
}

type type_at(Dwarf_Die die) {
  type t;
  t.die = die;
  t.has = true;
  return t;
}

std::optional<type> dwarf_types::named(const std::string& name) {
  const auto found = names_.find(dwarf_names::kind::type, name);
  if (found.empty()) return {};
  return type_at(found.front());
}

type dwarf_types::of(Dwarf_Die die) {
  Dwarf_Attribute found;
  type t;
  t.has = dwarf_formref_die(dwarf_attr_integrate(&die, DW_AT_type, &found), &t.die) != nullptr;
  return t;
}

type dwarf_types::plain(type t) {
  if (t.pointers != 0 || t.array != 0) return t;
  for (int i = 0; i < deepest && t.has; i++) {
    const int tag = dwarf_tag(&t.die);
    if (tag == DW_TAG_typedef || is_qualifier(tag)) {
      t = of(t.die);
      continue;
    }
    if (!flag_of(t.die, DW_AT_declaration)) break;
    const auto defined = named(names_.name_of(t.die));
    if (!defined) break;
    t = *defined;
  }
  return t;
}

int dwarf_types::tag(const type& t) {
  if (t.pointers != 0) return DW_TAG_pointer_type;
  if (t.array != 0) return DW_TAG_array_type;
  if (t.basic != nullptr) return DW_TAG_base_type;
  type p = plain(t);
  return p.has ? dwarf_tag(&p.die) : 0;
}

int dwarf_types::encoding(const type& t) {
  const type p = plain(t);
  if (p.pointers != 0 || p.array != 0) return 0;
  if (p.basic != nullptr) return p.basic->encoding;
  std::int64_t n = 0;
  if (!p.has) return 0;
  const int is = tag(p);
  if (is == DW_TAG_base_type && number_of(p.die, DW_AT_encoding, &n)) return static_cast<int>(n);
  if (is != DW_TAG_enumeration_type) return 0;
  const type under = of(p.die);
  return under.has ? encoding(under) : DW_ATE_unsigned;
}

std::size_t dwarf_types::size(const type& t) {
  if (t.pointers != 0) return sizeof(std::uintptr_t);
  if (t.array != 0) {
    type one = t;
    one.array = 0;
    return static_cast<std::size_t>(t.array) * size(one);
  }
  if (t.basic != nullptr) return t.basic->bytes;
  const type p = plain(t);
  std::int64_t n = 0;
  switch (tag(p)) {
    case DW_TAG_pointer_type:
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type: return sizeof(std::uintptr_t);
    case DW_TAG_unspecified_type:  // decltype(nullptr)
      return sizeof(std::uintptr_t);
    case DW_TAG_ptr_to_member_type:
      return tag(of(p.die)) == DW_TAG_subroutine_type ? 2 * sizeof(std::uintptr_t) : sizeof(std::uintptr_t);
    case DW_TAG_array_type: n = length(p); return n < 0 ? 0 : static_cast<std::size_t>(n) * size(target(p));
    case 0: return 0;
    default: return number_of(p.die, DW_AT_byte_size, &n) && n > 0 ? static_cast<std::size_t>(n) : 0;
  }
}

std::int64_t dwarf_types::length(const type& t) {
  if (t.pointers != 0) return -1;
  if (t.array != 0) return t.array;
  const type p = plain(t);
  if (tag(p) != DW_TAG_array_type) return -1;
  const std::vector<Dwarf_Die> all = dimensions(p.die);
  const auto at = static_cast<std::size_t>(p.rows_taken);
  return at < all.size() ? count_of(all[at]) : -1;
}

type dwarf_types::target(const type& t) {
  type result = t;
  if (t.pointers != 0) {
    result.pointers--;
    return result;
  }
  if (t.array != 0) {
    result.array = 0;
    return result;
  }
  const type p = plain(t);
  if (!p.has) return {};
  if (tag(p) == DW_TAG_array_type && p.rows_taken + 1 < static_cast<int>(dimensions(p.die).size())) {
    result = p;
    result.rows_taken++;
    return result;
  }
  return of(p.die);
}

type dwarf_types::pointer_to(type t) const {
  t.pointers++;
  return t;
}

bool dwarf_types::is_char(const type& t) {
  const int e = encoding(t);
  return size(t) == 1 && tag(t) == DW_TAG_base_type &&
         (e == DW_ATE_signed_char || e == DW_ATE_unsigned_char || e == DW_ATE_UTF);
}

bool dwarf_types::is_integral(const type& t) {
  const int is = tag(t);
  return is == DW_TAG_enumeration_type ||
         (is == DW_TAG_base_type && encoding(t) != DW_ATE_float && encoding(t) != DW_ATE_complex_float);
}

bool dwarf_types::is_real(const type& t) { return tag(t) == DW_TAG_base_type && encoding(t) == DW_ATE_float; }

bool dwarf_types::is_pointer(const type& t) { return tag(t) == DW_TAG_pointer_type; }

bool dwarf_types::is_reference(const type& t) {
  const int is = tag(t);
  return is == DW_TAG_reference_type || is == DW_TAG_rvalue_reference_type;
}

bool dwarf_types::is_class(const type& t) {
  const int is = tag(t);
  return is == DW_TAG_class_type || is == DW_TAG_structure_type || is == DW_TAG_union_type;
}

bool dwarf_types::is_signed(const type& t) {
  const int e = encoding(t);
  return e == DW_ATE_signed || e == DW_ATE_signed_char || e == DW_ATE_float;
}

std::vector<field> dwarf_types::fields(const type& t) {
  std::vector<field> all;
  const type p = plain(t);
  if (!is_class(p)) return all;
  for_each_child(p.die, [&](Dwarf_Die child) {
    const int is = dwarf_tag(&child);
    if (is != DW_TAG_member && is != DW_TAG_inheritance) return;
    if (is == DW_TAG_member && dwarf_hasattr(&child, DW_AT_external) != 0) return;
    field f;
    f.die = child;
    f.of = of(child);
    f.base = is == DW_TAG_inheritance;
    std::int64_t n = 0;
    f.is_virtual = f.base && number_of(child, DW_AT_virtuality, &n) && n == DW_VIRTUALITY_virtual;
    f.artificial = flag_of(child, DW_AT_artificial);
    number_of(child, DW_AT_data_member_location, &f.offset);
    const char* text = dwarf_diename(&child);
    if (text != nullptr) f.name = text;
    place_bits(f, size(f.of));
    all.push_back(std::move(f));
  });
  return all;
}

bool dwarf_types::same(const type& a, const type& b) {
  const type p = plain(a), q = plain(b);
  if (p.pointers == 0 && q.pointers == 0 && p.has && q.has && p.die.addr == q.die.addr) return true;
  return name(p) == name(q);
}

std::string dwarf_types::name_of_array(const type& t, const std::string& declared) {
  std::string rows;
  type element = t;
  while (tag(element) == DW_TAG_array_type) {
    const std::int64_t n = length(element);
    rows += n < 0 ? "[]" : "[" + std::to_string(n) + "]";
    element = target(element);
  }
  // "char [4]", but "char (*)[4]", "char name[4]".
  const bool by_pointer = declared.starts_with("*") || declared.starts_with("&");
  return name(element, by_pointer ? "(" + declared + ")" + rows : declared + rows);
}

std::string dwarf_types::name(const type& t, const std::string& declared) {
  if (t.pointers != 0) return name(target(t), "*" + declared);
  if (t.array != 0) return name_of_array(t, declared);
  const std::string rest = declared.empty() ? "" : " " + declared;
  if (t.basic != nullptr) return t.basic->name + rest;
  if (!t.has) return "void" + rest;
  if (tag(t) == DW_TAG_array_type && t.rows_taken != 0) return name_of_array(t, declared);
  return name_of_die(t.die, declared, 0);
}

std::string dwarf_types::name_of_die(Dwarf_Die die, const std::string& declared, int depth) {
  if (depth > deepest) return "...";
  const int is = dwarf_tag(&die);
  const type inner = of(die);
  const auto below = [&](const std::string& d) {
    if (inner.has) return name_of_die(inner.die, d, depth + 1);
    return "void" + (d.empty() ? "" : " " + d);
  };
  const bool by_pointer = declared.starts_with("*") || declared.starts_with("&");
  const std::string rest = declared.empty() ? "" : " " + declared;
  switch (is) {
    case DW_TAG_pointer_type: return below("*" + declared);
    case DW_TAG_reference_type: return below("&" + declared);
    case DW_TAG_rvalue_reference_type: return below("&&" + declared);
    case DW_TAG_const_type:
    case DW_TAG_volatile_type: {
      const std::string word = is == DW_TAG_const_type ? "const" : "volatile";
      Dwarf_Die at = inner.die;
      const int under = inner.has ? dwarf_tag(&at) : 0;
      // A qualifier of a pointer stands behind its star.
      if (under == DW_TAG_pointer_type) return below(" " + word + rest);
      return word + " " + below(declared);
    }
    case DW_TAG_restrict_type:
    case DW_TAG_atomic_type: return below(declared);
    case DW_TAG_array_type: return name_of_array(type_at(die), declared);
    case DW_TAG_subroutine_type:
    case DW_TAG_subprogram:
      return below((by_pointer ? "(" + declared + ")" : declared) + "(" + parameters(die) + ")");
    case DW_TAG_ptr_to_member_type: {
      Dwarf_Die of_class;
      const std::string owner =
          die_of(die, DW_AT_containing_type, &of_class) ? names_.name_of(of_class) + "::*" : "*";
      const bool method = inner.has && tag(inner) == DW_TAG_subroutine_type;
      return below(method ? "(" + owner + declared + ")" : owner + declared);
    }
    default: {
      const std::string text = names_.name_of(die);
      if (!text.empty()) return text + rest;
      const char* kind = is == DW_TAG_union_type         ? "union {...}"
                         : is == DW_TAG_enumeration_type ? "enum {...}"
                                                         : "struct {...}";
      return kind + rest;
    }
  }
}

std::string dwarf_types::parameters(Dwarf_Die function, bool hidden_too) {
  std::string all;
  for_each_child(function, [&](Dwarf_Die child) {
    const int is = dwarf_tag(&child);
    if (is == DW_TAG_unspecified_parameters) all += all.empty() ? "..." : ", ...";
    if (is != DW_TAG_formal_parameter || (!hidden_too && flag_of(child, DW_AT_artificial))) return;
    all += (all.empty() ? "" : ", ") + name(of(child));
  });
  return all;
}

}  // namespace rt0db
