// Expressions as users write them, evaluated while they are read: operators by their precedence, from the
// loosest down to names and numbers.
//
//   = ?: || && | ^ & == != < <= > >= << >> + - * / %
//   - + ! ~ * & (type)e sizeof
//   e.m e->m e[i]
//   x  ns::x  file.cc::x  ::x  this  $rax  1 0x1f 2.5 'c' "text" true nullptr (e)
//
// There are no calls: they need the process to run. What is behind && and || and ?: and does not count is
// read without being evaluated (skips_ > 0): p != 0 && p->x works.
#pragma once
#include <optional>
#include <string>

#include "tools/rt0db/arithmetic.h"
#include "tools/rt0db/scope.h"

namespace rt0db {

class expression_reader {
 public:
  expression_reader(scope& names, const frame& f)
      : scope_(names), frame_(f), in_(names.in()), types_(in_.types()), numbers_(in_) {}

  value read(const std::string& text);

 private:
  value assignment();
  value conditional();
  value binary(std::size_t level);
  value unary();
  value postfix();
  value primary();
  value size_of();
  value address_of(const value& v);
  value subscript(const value& v, const value& index);
  value member(const value& object, const std::string& name);
  value name();
  value machine_register();
  value number();
  value character();
  value text();
  std::optional<type> type_name();
  std::optional<type> base_words();
  std::optional<std::string> file_prefix();
  std::string identifier();
  std::string arguments();
  unsigned char escape();

  void spaces();
  bool take(const char* token);
  bool take_word(const char* word);
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool skipping() const { return skips_ > 0; }
  value nothing() const { return in_.number(basic(int_type), 1); }
  [[noreturn]] void syntax() const;

  scope& scope_;
  const frame& frame_;
  const objects& in_;
  dwarf_types& types_;
  arithmetic numbers_;
  std::string text_;
  std::size_t at_ = 0;
  int skips_ = 0, depth_ = 0;
};

}  // namespace rt0db
