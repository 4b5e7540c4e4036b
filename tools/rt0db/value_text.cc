#include "tools/rt0db/value_text.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "tools/rt0db/failure.h"

namespace rt0db {
namespace {

std::string escaped(unsigned char c, char quote) {
  static constexpr char letters[] = "\aa\bb\tt\nn\vv\ff\rr\033e";
  for (std::size_t i = 0; i + 1 < sizeof letters; i += 2) {
    if (letters[i] == static_cast<char>(c)) return std::string("\\") + letters[i + 1];
  }
  if (c == static_cast<unsigned char>(quote) || c == '\\') return std::string("\\") + static_cast<char>(c);
  if (c >= 0x20 && c < 0x7f) return std::string(1, static_cast<char>(c));
  const char octal[] = {'\\', static_cast<char>('0' + c / 64), static_cast<char>('0' + c / 8 % 8),
                        static_cast<char>('0' + c % 8), 0};
  return octal;
}

// Bytes of a character in UTF-8 that begins there; 0: it is none, or of one byte.
std::size_t wide_character(const std::string& text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  const std::size_t bytes = c >= 0xc2 && c < 0xe0   ? 2
                            : c >= 0xe0 && c < 0xf0 ? 3
                            : c >= 0xf0 && c < 0xf5 ? 4
                                                    : 0;
  if (bytes == 0 || bytes > text.size() - at) return 0;
  for (std::size_t i = 1; i < bytes; i++) {
    if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return 0;
  }
  return bytes;
}

template <class Real>
std::string shortest(Real number) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

}  // namespace

std::string value_writer::write(const value& v, int depth) {
  if (depth > deepest) return "{...}";
  value known = v;
  const bool whole = types_.is_class(v.of) || types_.tag(v.of) == DW_TAG_array_type;
  // What has parts says for each whether it can be read.
  if (!(whole && v.missing.empty()) && !in_.try_load(known)) {
    return known.missing.starts_with("<") ? known.missing : "<error: " + known.missing + ">";
  }
  try {
    return write_known(known, depth);
  } catch (const failure& f) {
    return std::string("<error: ") + f.what() + ">";
  }
}

std::string value_writer::write_known(value v, int depth) {
  switch (types_.tag(v.of)) {
    case 0: return "void";
    case DW_TAG_base_type: return write_base(v);
    case DW_TAG_enumeration_type: return write_enum(v);
    case DW_TAG_pointer_type: return write_pointer(v, depth);
    case DW_TAG_unspecified_type: return hexadecimal(in_.integer(v));
    case DW_TAG_ptr_to_member_type: return write_member_pointer(v, depth);
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type: return write_reference(v, depth);
    case DW_TAG_array_type: return write_array(v, depth);
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
      if (const auto text = write_library(v, depth)) return *text;
      return write_class(v, depth);
    case DW_TAG_subroutine_type:
    case DW_TAG_subprogram:
      return "{" + types_.name(v.of) + "} " + hexadecimal(v.address) + symbol_at(v.address);
    default: return "<a value of an unknown kind of type>";
  }
}

std::string value_writer::write_base(const value& v) {
  const int encoding = types_.encoding(v.of);
  if (encoding == DW_ATE_float) return write_real(v);
  if (v.bit_size == 0 && v.bytes.size() > sizeof(std::uint64_t)) return write_wide(v);
  const std::uint64_t n = in_.integer(v);
  const std::string number =
      types_.is_signed(v.of) ? std::to_string(static_cast<std::int64_t>(n)) : std::to_string(n);
  if (encoding == DW_ATE_boolean) return n == 0 ? "false" : n == 1 ? "true" : number;
  if (types_.is_char(v.of)) return number + " '" + escaped(static_cast<unsigned char>(n), '\'') + "'";
  if (encoding == DW_ATE_UTF) {
    return number + (n < 0x80 ? " '" + escaped(static_cast<unsigned char>(n), '\'') + "'" : "");
  }
  return number;
}

std::string value_writer::write_real(const value& v) {
  const long double number = in_.real(v);
  if (v.bytes.size() == sizeof(float)) return shortest(static_cast<float>(number));
  return v.bytes.size() == sizeof(double) ? shortest(static_cast<double>(number)) : shortest(number);
}

// __int128, in decimal.
std::string value_writer::write_wide(const value& v) {
  unsigned __int128 n = 0;
  if (v.bytes.size() != sizeof n) return "<a number of " + std::to_string(v.bytes.size()) + " bytes>";
  memcpy(&n, v.bytes.data(), sizeof n);
  const bool negative = types_.is_signed(v.of) && static_cast<__int128>(n) < 0;
  if (negative) n = -n;
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(n % 10));
    n /= 10;
  } while (n != 0);
  if (negative) digits += '-';
  return {digits.rbegin(), digits.rend()};
}

std::string value_writer::write_enum(const value& v) {
  const auto n = static_cast<std::int64_t>(in_.integer(v));
  const type t = types_.plain(v.of);
  const std::string whole = types_.name(t);
  // Names of an enum that is no class are those of the scope around it.
  const bool is_class = dwarf_hasattr(const_cast<Dwarf_Die*>(&t.die), DW_AT_enum_class) != 0;
  const std::size_t cut = whole.rfind("::");
  const std::string before = is_class                   ? whole + "::"
                             : cut == std::string::npos ? ""
                                                        : whole.substr(0, cut + 2);
  std::string exact, flags;
  std::int64_t seen = 0, rest = n;
  bool disjoint = true;
  for_each_child(t.die, [&](Dwarf_Die child) {
    std::int64_t is = 0;
    const char* name = dwarf_diename(&child);
    if (name == nullptr || !number_of(child, DW_AT_const_value, &is)) return;
    if (is == n && exact.empty()) exact = before + name;
    disjoint = disjoint && is >= 0 && (seen & is) == 0;
    seen |= is;
    if (is != 0 && (n & is) == is) {
      flags += (flags.empty() ? "" : " | ") + before + name;
      rest &= ~is;
    }
  });
  if (!exact.empty()) return exact;
  if (!disjoint || n == 0) return std::to_string(n);
  if (rest != 0) {
    flags += (flags.empty() ? "" : " | ") + ("unknown: " + hexadecimal(static_cast<std::uint64_t>(rest)));
  }
  return "(" + flags + ")";
}

// " <name+8>", of a function or an object that has a symbol.
std::string value_writer::symbol_at(std::uintptr_t address) const {
  GElf_Sym symbol;
  GElf_Off offset = 0;
  if (names_.module() == nullptr) return {};
  const char* name =
      dwfl_module_addrinfo(names_.module(), address - bias_, &offset, &symbol, nullptr, nullptr, nullptr);
  const int kind = name == nullptr ? STT_NOTYPE : GELF_ST_TYPE(symbol.st_info);
  if ((kind != STT_FUNC && kind != STT_OBJECT) || (offset != 0 && offset >= symbol.st_size)) return {};
  return " <" + demangled(name) + (offset != 0 ? "+" + std::to_string(offset) : "") + ">";
}

std::string value_writer::write_pointer(const value& v, int depth) {
  const std::uintptr_t address = in_.integer(v);
  const type target = types_.target(v.of);
  std::string text = hexadecimal(address);
  if (types_.is_char(target)) {
    return address == 0 ? text : text + " " + quoted_at(address, most_elements + 1);
  }
  if (address != 0) text += symbol_at(address);
  return depth == 0 ? "(" + types_.name(v.of) + ") " + text : text;
}

// The Itanium ABI's: an offset, or -1; a function's address, or 1 plus its place in the table of virtual
// ones.
std::string value_writer::write_member_pointer(const value& v, int depth) {
  const std::string cast = depth == 0 ? "(" + types_.name(v.of) + ") " : "";
  std::uint64_t word = 0;
  memcpy(&word, v.bytes.data(), std::min(sizeof word, v.bytes.size()));
  if (v.bytes.size() <= sizeof word) {
    return cast + (word == ~std::uint64_t{0} ? "NULL" : hexadecimal(word));
  }
  if (word == 0) return cast + "NULL";
  if ((word & 1) != 0) return cast + "&virtual table offset " + std::to_string(word - 1);
  return cast + hexadecimal(word) + symbol_at(word);
}

std::string value_writer::write_reference(const value& v, int depth) {
  const std::uintptr_t address = in_.integer(v);
  const std::string place = "@" + hexadecimal(address);
  if (depth != 0) return place;
  return "(" + types_.name(v.of) + ") " + place + ": " + write(in_.target(v), depth + 1);
}

std::string value_writer::write_class(const value& v, int depth) {
  const std::vector<field> fields = types_.fields(v.of);
  if (fields.empty()) return "{<No data fields>}";
  std::string all = "{";
  for (const field& f : fields) {
    if (all.size() > 1) all += ", ";
    if (f.base) {
      all += "<" + types_.name(types_.plain(f.of)) + "> = ";
    } else if (!f.name.empty()) {
      all += f.name + " = ";
    }
    all += write(in_.member(v, f), depth + 1);
  }
  return all + "}";
}

std::string value_writer::write_array(const value& v, int depth) {
  const std::int64_t length = types_.length(v.of);
  if (length < 0) return "{...}";
  const auto count = static_cast<std::size_t>(length);
  if (types_.is_char(types_.target(v.of))) {
    value some = v;
    std::string characters;
    if (v.in_memory) {
      // Of a large one, no more than is shown.
      some.bytes.clear();
      some.of = types_.target(v.of);
      some.of.array = static_cast<std::int64_t>(std::min<std::size_t>(count, 1 << 16));
      if (count == 0) return "\"\"";
    }
    in_.load(some);
    characters.assign(reinterpret_cast<const char*>(some.bytes.data()), some.bytes.size());
    if (characters.size() <= most_elements && characters.ends_with('\0')) characters.pop_back();
    return quoted(characters, some.bytes.size() < count);
  }
  value loaded = v;
  if (v.in_memory && in_.try_load(loaded)) loaded.in_memory = false;
  return write_elements(count, [&](std::size_t i) {
    return write(in_.element(loaded, static_cast<std::int64_t>(i)), depth + 1);
  });
}

// In quotes, with long runs of a character beside them: "abc", '\000' <repeats 12 times>, "d".
std::string value_writer::quoted(const std::string& characters, bool cut) const {
  std::string all;
  bool open = false;
  std::size_t i = 0, shown = 0;
  for (; i < characters.size() && shown < most_elements; shown++) {
    std::size_t run = 1;
    while (i + run < characters.size() && characters[i + run] == characters[i]) run++;
    if (run > most_repeats) {
      all += open ? "\", '" : all.empty() ? "'" : ", '";
      open = false;
      all += escaped(static_cast<unsigned char>(characters[i]), '\'') + "' <repeats " + std::to_string(run) +
             " times>";
      i += run;
      continue;
    }
    if (!open) all += all.empty() ? "\"" : ", \"";
    open = true;
    const std::size_t wide = wide_character(characters, i);
    all += wide != 0 ? characters.substr(i, wide) : escaped(static_cast<unsigned char>(characters[i]), '"');
    i += wide != 0 ? wide : 1;
  }
  if (all.empty()) return "\"\"";
  if (open) all += '"';
  return i < characters.size() || cut ? all + "..." : all;
}

std::string value_writer::quoted_at(std::uintptr_t address, std::uint64_t length) {
  std::string characters;
  if (!in_.text(address, length, &characters)) {
    return "<error: Cannot access memory at address " + hexadecimal(address) + ">";
  }
  return quoted(characters, false);
}

}  // namespace rt0db
