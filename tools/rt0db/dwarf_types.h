// Types: what a DIE of one says, with DWARF's ways of saying it out of the way.
//
// A type of ours is a DIE and what expressions make of it without one: pointers to it, literals' types, an
// array's rows (DWARF has all dimensions of an array in one DIE). plain() takes off typedefs and qualifiers,
// and goes from a declaration to the definition, which may be in another compilation unit.
#pragma once
#include <dwarf.h>
#include <elfutils/libdw.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/rt0db/dwarf_names.h"

namespace rt0db {

// A fundamental type that no DIE has to be found for.
struct basic_type {
  const char* name;
  int encoding;  // DW_ATE_*
  std::size_t bytes;
};

// has is false and there is no basic type: void.
struct type {
  Dwarf_Die die{};
  bool has = false;
  const basic_type* basic = nullptr;
  int rows_taken = 0;      // of an array's dimensions, by subscripts
  std::int64_t array = 0;  // that many of it; 0: it is no array of ours
  int pointers = 0;        // to all of it
};

struct field {
  std::string name;  // empty: unnamed
  type of;
  std::int64_t offset = 0;
  int bit_offset = 0, bit_size = 0;  // from the lowest bit of the byte at offset; size 0: no bit-field
  bool base = false, is_virtual = false, artificial = false;
  Dwarf_Die die{};
};

extern const basic_type bool_type, char_type, int_type, unsigned_type, long_type, unsigned_long_type,
    float_type, double_type, long_double_type;
type basic(const basic_type& of);
type type_at(Dwarf_Die die);

class dwarf_types {
 public:
  explicit dwarf_types(dwarf_names& names) : names_(names) {}

  // By its whole name.
  std::optional<type> named(const std::string& name);
  // A DIE's DW_AT_type.
  static type of(Dwarf_Die die);
  type plain(type t);
  // DW_TAG_* of the plain type: base_type for literals', 0 for void.
  int tag(const type& t);
  // Of a base type or an enum.
  int encoding(const type& t);
  // Of objects of it; 0: unknown, void.
  std::size_t size(const type& t);
  // Of an array; -1: unknown.
  std::int64_t length(const type& t);
  // What it points to, refers to, is an array of.
  type target(const type& t);
  type pointer_to(type t) const;
  bool is_char(const type& t);
  bool is_integral(const type& t);  // enums and bool too
  bool is_real(const type& t);
  bool is_pointer(const type& t);
  bool is_reference(const type& t);
  bool is_class(const type& t);
  bool is_signed(const type& t);
  // Bases first. Not static members.
  std::vector<field> fields(const type& t);
  bool same(const type& a, const type& b);

  // As C++ writes it, with `declared` where a variable's name would be.
  std::string name(const type& t, const std::string& declared = {});
  // Of a function's DIE: "int, char const*".
  std::string parameters(Dwarf_Die function, bool hidden_too = false);

 private:
  std::string name_of_die(Dwarf_Die die, const std::string& declared, int depth);
  std::string name_of_array(const type& t, const std::string& declared);

  dwarf_names& names_;
};

}  // namespace rt0db
