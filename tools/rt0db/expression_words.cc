// The words of an expression: names, types, numbers, characters, registers.
#include <cctype>
#include <charconv>
#include <cstring>

#include "tools/rt0db/expressions.h"

namespace rt0db {
namespace {

bool begins_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool in_name(char c) { return begins_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; }

// In the order of their numbers in DWARF.
constexpr const char* registers[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
                                     "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip"};
constexpr int dwarf_rbp = 6, dwarf_rsp = 7, dwarf_rip = 16, dwarf_flags = 49, first_vector = 17;

int register_number(const std::string& name) {
  if (name == "pc") return dwarf_rip;
  if (name == "sp") return dwarf_rsp;
  if (name == "fp") return dwarf_rbp;
  if (name == "eflags" || name == "rflags") return dwarf_flags;
  for (int i = 0; i <= dwarf_rip; i++) {
    if (name == registers[i]) return i;
  }
  for (int i = 0; i < 16; i++) {
    if (name == "xmm" + std::to_string(i)) return first_vector + i;
  }
  return -1;
}

}  // namespace

// A name without what stands before "::".
std::string expression_reader::identifier() {
  std::size_t end = at_;
  if (end < text_.size() && text_[end] == '~') end++;
  while (end < text_.size() && in_name(text_[end])) end++;
  const std::string name = text_.substr(at_, end - at_);
  at_ = end;
  return name;
}

// "<int, 3>" behind a template's name; empty: there is no such pair of brackets.
std::string expression_reader::arguments() {
  int depth = 0;
  for (std::size_t i = at_; i < text_.size() && peek() == '<'; i++) {
    if (text_[i] == '<') depth++;
    if (text_[i] != '>' || --depth != 0) continue;
    const std::string all = text_.substr(at_, i + 1 - at_);
    at_ = i + 1;
    return all;
  }
  return {};
}

// "chat.cc::", or "'src/chat.cc'::".
std::optional<std::string> expression_reader::file_prefix() {
  std::size_t end = at_;
  while (end < text_.size() && (in_name(text_[end]) || strchr("./-+", text_[end]) != nullptr)) end++;
  const std::string file = text_.substr(at_, end - at_);
  if (file.find('.') == std::string::npos || text_.compare(end, 2, "::") != 0) return {};
  at_ = end + 2;
  return file;
}

value expression_reader::name() {
  const auto file = file_prefix();
  std::string whole, part;
  take("::");
  std::size_t before = 0;
  do {
    spaces();
    part = identifier();
    if (part.empty()) syntax();
    whole += (whole.empty() ? "" : "::") + part;
    // A template's arguments, if there is something of that name.
    before = at_;
    const std::string given = arguments();
    const bool goes_on = text_.compare(at_, 2, "::") == 0;
    if (!given.empty() && (goes_on || scope_.find_global(whole + given, {}))) {
      whole += given;
    } else {
      at_ = before;
    }
  } while (take("::"));
  if (skipping()) return nothing();
  if (whole == "true" || whole == "false") return in_.number(basic(bool_type), whole == "true" ? 1 : 0);
  if (whole == "nullptr") {
    type none;
    none.pointers = 1;
    return in_.number(none, 0);
  }
  if (file) {
    if (auto v = scope_.find_global(whole, *file)) return *v;
    fail("No symbol \"" + whole + "\" in " + *file + ".");
  }
  if (auto v = scope_.find(whole)) return *v;
  fail("No symbol \"" + whole + "\" in current context.");
}

value expression_reader::machine_register() {
  at_++;
  const std::string name = identifier();
  const int number = register_number(name);
  if (number < 0) fail("There is no register $" + name + ".");
  value v;
  std::uint64_t word = 0;
  if (number >= first_vector && number != dwarf_flags) {
    std::byte bytes[16];
    v.of = basic(double_type);
    v.of.array = 2;
    if (!frame_.get_vector(number, bytes)) fail("$" + name + " is not known in this frame.");
    v.bytes.assign(bytes, bytes + sizeof bytes);
    return v;
  }
  if (number == dwarf_rip) {
    word = frame_.pc() + frame_.bias();
  } else if (!frame_.get_register(number, &word)) {
    fail("$" + name + " is not known in this frame.");
  }
  type of = basic(long_type);
  if (number == dwarf_rip || number == dwarf_rsp || number == dwarf_rbp) {
    of = {};
    of.pointers = 1;
  }
  v = in_.number(of, word);
  if (number != dwarf_rip) v.in_register = number;
  return v;
}

value expression_reader::number() {
  const char *begin = text_.data() + at_, *end = text_.data() + text_.size();
  const bool hex = begin[0] == '0' && end - begin > 2 && (begin[1] | 0x20) == 'x';
  const bool binary = begin[0] == '0' && end - begin > 2 && (begin[1] | 0x20) == 'b';
  const char* digits = begin + (hex || binary ? 2 : 0);
  std::uint64_t n = 0;
  double real = 0;
  const bool octal = !hex && !binary && begin[0] == '0';
  auto whole = std::from_chars(digits, end, n, hex ? 16 : binary ? 2 : octal ? 8 : 10);
  const auto fraction = std::from_chars(begin, end, real);
  if (!hex && !binary && fraction.ec == std::errc() && fraction.ptr > whole.ptr) {
    at_ = static_cast<std::size_t>(fraction.ptr - text_.data());
    const bool single = peek() == 'f' || peek() == 'F';
    if (single) at_++;
    if (in_name(peek())) fail("Invalid number \"" + std::string(begin, end) + "\".");
    const auto narrow = static_cast<float>(real);
    return single ? in_.number(float_type, &narrow) : in_.number(double_type, &real);
  }
  bool is_unsigned = false, is_long = false;
  const char* at = whole.ptr;
  for (; at < end && strchr("uUlL", *at) != nullptr; at++)
    ((*at | 0x20) == 'u' ? is_unsigned : is_long) = true;
  if (whole.ec != std::errc() || (at < end && in_name(*at))) {
    fail("Invalid number \"" + std::string(begin, end) + "\".");
  }
  at_ = static_cast<std::size_t>(at - text_.data());
  const bool free_sign = hex || binary || octal;
  if (!is_long && n <= INT32_MAX && !is_unsigned) return in_.number(basic(int_type), n);
  if (!is_long && n <= UINT32_MAX && (is_unsigned || free_sign)) return in_.number(basic(unsigned_type), n);
  return in_.number(basic(is_unsigned || n > INT64_MAX ? unsigned_long_type : long_type), n);
}

unsigned char expression_reader::escape() {
  if (at_ >= text_.size()) syntax();
  const char c = text_[at_++];
  if (c != '\\') return static_cast<unsigned char>(c);
  if (at_ >= text_.size()) syntax();
  const char letter = text_[at_++];
  static constexpr char letters[] = "n\nt\tr\r0\0a\ab\bf\fv\ve\033";
  unsigned n = 0;
  if (letter == 'x') {
    const auto end = std::from_chars(text_.data() + at_, text_.data() + text_.size(), n, 16);
    at_ = static_cast<std::size_t>(end.ptr - text_.data());
    return static_cast<unsigned char>(n);
  }
  if (letter >= '0' && letter <= '7') {
    at_--;
    for (int i = 0; i < 3 && peek() >= '0' && peek() <= '7'; i++)
      n = n * 8 + static_cast<unsigned>(text_[at_++] - '0');
    return static_cast<unsigned char>(n);
  }
  for (std::size_t i = 0; i + 1 < sizeof letters; i += 2) {
    if (letters[i] == letter) return static_cast<unsigned char>(letters[i + 1]);
  }
  return static_cast<unsigned char>(letter);
}

value expression_reader::character() {
  at_++;
  const unsigned char c = escape();
  if (peek() != '\'') syntax();
  at_++;
  return in_.number(char_type, &c);
}

value expression_reader::text() {
  std::string all;
  do {
    for (at_++; peek() != '"';) all += static_cast<char>(escape());
    at_++;
    spaces();
  } while (peek() == '"');
  value v;
  v.of = basic(char_type);
  v.of.array = static_cast<std::int64_t>(all.size() + 1);
  const auto* bytes = reinterpret_cast<const std::byte*>(all.c_str());
  v.bytes.assign(bytes, bytes + all.size() + 1);
  return v;
}

// "unsigned long", "char".
std::optional<type> expression_reader::base_words() {
  bool is_unsigned = false, is_signed = false, is_short = false, is_char = false, any = false;
  bool is_double = false, is_float = false, is_bool = false, is_void = false;
  int longs = 0;
  for (;;) {
    if (take_word("unsigned"))
      is_unsigned = any = true;
    else if (take_word("signed"))
      is_signed = any = true;
    else if (take_word("long"))
      longs++, any = true;
    else if (take_word("short"))
      is_short = any = true;
    else if (take_word("char"))
      is_char = any = true;
    else if (take_word("int"))
      any = true;
    else if (take_word("double"))
      is_double = any = true;
    else if (take_word("float"))
      is_float = any = true;
    else if (take_word("bool"))
      is_bool = any = true;
    else if (take_word("void"))
      is_void = any = true;
    else if (!take_word("const") && !take_word("volatile"))
      break;
  }
  static constexpr basic_type unsigned_char{"unsigned char", DW_ATE_unsigned_char, 1},
      signed_char{"signed char", DW_ATE_signed_char, 1}, short_type{"short", DW_ATE_signed, 2},
      unsigned_short{"unsigned short", DW_ATE_unsigned, 2};
  if (!any) return {};
  if (is_void) return type{};
  if (is_bool) return basic(bool_type);
  if (is_float) return basic(float_type);
  if (is_double) return basic(longs > 0 ? long_double_type : double_type);
  if (is_char) return basic(is_unsigned ? unsigned_char : is_signed ? signed_char : char_type);
  if (is_short) return basic(is_unsigned ? unsigned_short : short_type);
  if (longs > 0) return basic(is_unsigned ? unsigned_long_type : long_type);
  return basic(is_unsigned ? unsigned_type : int_type);
}

std::optional<type> expression_reader::type_name() {
  const std::size_t before = at_;
  for (const char* word : {"struct", "class", "union", "enum"}) take_word(word);
  auto found = base_words();
  if (!found) {
    std::string whole;
    take("::");
    do {
      spaces();
      const std::string part = identifier();
      if (part.empty()) return at_ = before, std::nullopt;
      whole += (whole.empty() ? "" : "::") + part + arguments();
    } while (take("::"));
    // A variable of this name hides the type.
    if (scope_.find_local(whole)) return at_ = before, std::nullopt;
    found = scope_.find_type(whole);
    if (!found) return at_ = before, std::nullopt;
  }
  type t = *found;
  for (;;) {
    if (take_word("const") || take_word("volatile")) continue;
    if (!take("*")) break;
    t = types_.pointer_to(t);
  }
  return t;
}

}  // namespace rt0db
