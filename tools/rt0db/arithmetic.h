// C++'s operators on values of numbers and pointers, with its conversions.
#pragma once
#include <string>

#include "tools/rt0db/objects.h"

namespace rt0db {

class arithmetic {
 public:
  explicit arithmetic(const objects& in) : in_(in), types_(in.types()) {}

  // + - * / % << >> & | ^ == != < > <= >=. Throws: its operands do not fit.
  value binary(const std::string& op, value a, value b) const;
  // - + ~ !
  value unary(char op, value v) const;
  bool truth(const value& v) const;
  // As by a cast, to a number, an enum or a pointer. Throws.
  value convert(const value& v, const type& to) const;
  // References away, arrays and functions to pointers.
  value decayed(const value& v) const;

 private:
  value pointer(const std::string& op, const value& a, const value& b) const;
  value reals(const std::string& op, const value& a, const value& b) const;
  value integers(const std::string& op, const value& a, const value& b) const;
  value boolean(bool is) const;
  value integral(const type& of, std::uint64_t bits) const;
  value real(std::size_t bytes, long double number) const;
  type promoted(const value& a) const;
  void check_number(const value& v) const;

  const objects& in_;
  dwarf_types& types_;
};

}  // namespace rt0db
