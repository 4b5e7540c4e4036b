#include "tools/rt0db/expressions.h"

#include <array>
#include <cctype>
#include <initializer_list>

namespace rt0db {
namespace {

constexpr int deepest = 200;  // of brackets and operators

// Loosest first. In each, longer ones before their beginnings.
const std::initializer_list<std::initializer_list<const char*>> levels = {
    {"||"},       {"&&"},     {"|"},          {"^"}, {"&"}, {"==", "!="}, {"<=", ">=", "<", ">"},
    {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}};

bool begins_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool in_name(char c) { return begins_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; }

}  // namespace

void expression_reader::syntax() const {
  if (at_ >= text_.size()) fail("A syntax error in expression, near `'.");
  fail("A syntax error in expression, near `" + text_.substr(at_) + "'.");
}

void expression_reader::spaces() {
  while (std::isspace(static_cast<unsigned char>(peek())) != 0) at_++;
}

bool expression_reader::take(const char* token) {
  spaces();
  const std::string t = token;
  if (text_.compare(at_, t.size(), t) != 0) return false;
  const char next = at_ + t.size() < text_.size() ? text_[at_ + t.size()] : '\0';
  // A beginning of a longer operator is not this one.
  if ((t == "&" || t == "|" || t == "<" || t == ">" || t == "=") && next == t[0]) return false;
  if ((t == "<" || t == ">" || t == "!") && next == '=') return false;
  if (t == "-" && next == '>') return false;
  at_ += t.size();
  return true;
}

bool expression_reader::take_word(const char* word) {
  spaces();
  const std::string w = word;
  if (text_.compare(at_, w.size(), w) != 0 ||
      (at_ + w.size() < text_.size() && in_name(text_[at_ + w.size()]))) {
    return false;
  }
  at_ += w.size();
  return true;
}

value expression_reader::read(const std::string& text) {
  text_ = text;
  at_ = 0;
  skips_ = depth_ = 0;
  value v = assignment();
  spaces();
  if (at_ != text_.size()) syntax();
  return v;
}

value expression_reader::assignment() {
  if (++depth_ > deepest) fail("The expression is nested too deeply.");
  value to = conditional();
  if (take("=")) {
    const value from = assignment();
    if (!skipping()) {
      to = in_.referred(to);
      if (!to.missing.empty()) fail("value has been optimized out");
      in_.assign(to, numbers_.convert(from, to.of).bytes);
      if (to.in_memory)
        to.bytes.clear();
      else
        to.bytes = numbers_.convert(from, to.of).bytes;
    }
  }
  depth_--;
  return to;
}

value expression_reader::conditional() {
  const value condition = binary(0);
  if (!take("?")) return condition;
  const bool yes = skipping() || numbers_.truth(condition);
  skips_ += yes ? 0 : 1;
  const value one = assignment();
  skips_ -= yes ? 0 : 1;
  if (!take(":")) syntax();
  skips_ += yes ? 1 : 0;
  const value other = conditional();
  skips_ -= yes ? 1 : 0;
  return yes ? one : other;
}

value expression_reader::binary(std::size_t level) {
  if (level == levels.size()) return unary();
  value left = binary(level + 1);
  for (bool more = true; more;) {
    more = false;
    for (const char* op : levels.begin()[level]) {
      if (!take(op)) continue;
      more = true;
      const std::string is = op;
      const bool logical = is == "&&" || is == "||";
      const bool known = logical && !skipping() && numbers_.truth(left) == (is == "||");
      skips_ += known ? 1 : 0;
      const value right = binary(level + 1);
      skips_ -= known ? 1 : 0;
      if (skipping()) break;
      if (logical) {
        const bool yes = known ? is == "||" : numbers_.truth(right);
        left = in_.number(basic(bool_type), yes ? 1 : 0);
      } else {
        left = numbers_.binary(is, left, right);
      }
      break;
    }
  }
  return left;
}

value expression_reader::unary() {
  if (++depth_ > deepest) fail("The expression is nested too deeply.");
  value v;
  if (take_word("sizeof")) {
    v = size_of();
  } else if (take("*")) {
    v = unary();
    if (!skipping()) {
      v = in_.target(numbers_.decayed(v));
      if (types_.tag(v.of) == 0) fail("Attempt to take contents of a non-pointer value.");
    }
  } else if (take("&")) {
    v = unary();
    if (!skipping()) v = address_of(v);
  } else if (peek() == '-' || peek() == '+' || peek() == '!' || peek() == '~') {
    const char op = text_[at_++];
    v = unary();
    if (!skipping()) v = numbers_.unary(op, v);
  } else {
    // A cast is a type in brackets, if what is there is one.
    const std::size_t before = at_;
    const auto cast = take("(") ? type_name() : std::nullopt;
    if (cast && take(")")) {
      v = unary();
      if (!skipping())
        v = types_.is_reference(*cast) ? in_.at(types_.target(*cast), in_.referred(v).address)
                                       : numbers_.convert(v, *cast);
    } else {
      at_ = before;
      v = postfix();
    }
  }
  depth_--;
  return v;
}

value expression_reader::size_of() {
  const std::size_t before = at_;
  const auto named = take("(") ? type_name() : std::nullopt;
  if (named && take(")")) return in_.number(basic(unsigned_long_type), types_.size(*named));
  at_ = before;
  const value v = unary();
  return in_.number(basic(unsigned_long_type), types_.size(in_.referred(v).of));
}

value expression_reader::address_of(const value& v) {
  const value object = in_.referred(v);
  if (object.bit_size != 0) fail("Attempt to take address of a bit-field.");
  if (!object.missing.empty() && !object.in_memory) fail("value has been optimized out");
  if (!object.in_memory) fail("Attempt to take address of value not located in memory.");
  return in_.number(types_.pointer_to(object.of), object.address);
}

value expression_reader::postfix() {
  value v = primary();
  for (;;) {
    if (take("->")) {
      spaces();
      const std::string name = identifier();
      if (!skipping()) {
        const value pointer = numbers_.decayed(v);
        v = member(types_.is_pointer(pointer.of) ? in_.target(pointer) : pointer, name);
      }
    } else if (take(".")) {
      spaces();
      const std::string name = identifier();
      if (skipping()) continue;
      const value object = in_.referred(v);
      v = member(types_.is_pointer(object.of) ? in_.target(object) : object, name);
    } else if (take("[")) {
      const value index = assignment();
      if (!take("]")) syntax();
      if (!skipping()) v = subscript(v, index);
    } else if (peek() == '(') {
      fail("A function cannot be called within an expression.");
    } else {
      return v;
    }
  }
}

value expression_reader::member(const value& object, const std::string& name) {
  if (name.empty()) syntax();
  if (!types_.is_class(object.of)) {
    fail("Attempt to extract a component of a value that is not a structure.");
  }
  value found;
  if (in_.find(object, name, &found)) return found;
  // A static one.
  if (auto is = scope_.find_global(types_.name(types_.plain(object.of)) + "::" + name, {})) return *is;
  fail("There is no member named " + name + ".");
}

// Of arrays, pointers, and what has its elements in a row.
value expression_reader::subscript(const value& v, const value& index) {
  value object = in_.referred(v);
  const auto i = static_cast<std::int64_t>(in_.integer(numbers_.decayed(index)));
  if (types_.is_class(object.of)) {
    value inside;
    const std::string name = types_.name(types_.plain(object.of));
    for (const char* begin : {"_M_elems", "_M_start", "_M_p", "_M_str"}) {
      if (name.starts_with("std::vector<bool") || !name.starts_with("std::")) break;
      if (in_.find(object, begin, &inside)) return in_.element(inside, i);
      value holder;
      if (in_.find(object, "_M_impl", &holder) && in_.find(holder, begin, &inside))
        return in_.element(inside, i);
      if (in_.find(object, "_M_dataplus", &holder) && in_.find(holder, begin, &inside)) {
        return in_.element(inside, i);
      }
    }
  }
  if (types_.tag(object.of) != DW_TAG_array_type && !types_.is_pointer(object.of)) {
    fail("cannot subscript something of type `" + types_.name(object.of) + "'");
  }
  return in_.element(object, i);
}

value expression_reader::primary() {
  spaces();
  const char c = peek();
  if (take("(")) {
    const value v = assignment();
    if (!take(")")) syntax();
    return v;
  }
  const bool point =
      c == '.' && at_ + 1 < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_ + 1]));
  if (point || std::isdigit(static_cast<unsigned char>(c)) != 0) return number();
  if (c == '\'') return character();
  if (c == '"') return text();
  if (c == '$') return machine_register();
  if (begins_name(c) || c == ':' || c == '/') return name();
  syntax();
}

}  // namespace rt0db
