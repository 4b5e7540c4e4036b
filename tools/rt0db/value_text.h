// Values as text, the way gdb writes them, whose users know it: 97 'a', (int *) 0x7f..., {<base> = {a = 1},
// b = 2}, "ab\000", 0 <repeats 30 times>. What differs: a floating-point number has as many digits as tell it
// from its neighbours; static members are left out. The standard library's classes and rt's are written as
// what they are to their users (library_text.cc).
#pragma once
#include <algorithm>
#include <optional>
#include <string>

#include "tools/rt0db/objects.h"
#include "tools/rt0db/symbols.h"

namespace rt0db {

class value_writer {
 public:
  value_writer(const objects& in, const symbols& names, std::uintptr_t bias)
      : in_(in), types_(in.types()), names_(names), bias_(bias) {}

  // Never throws a failure: what cannot be read says so in its place.
  std::string text(const value& v) { return write(v, 0); }

 private:
  static constexpr std::size_t most_elements = 200;
  static constexpr std::size_t most_repeats = 9;  // written out
  static constexpr int deepest = 20;

  std::string write(const value& v, int depth);
  std::string write_known(value v, int depth);
  std::string write_base(const value& v);
  std::string write_real(const value& v);
  std::string write_wide(const value& v);
  std::string write_enum(const value& v);
  std::string write_pointer(const value& v, int depth);
  std::string write_member_pointer(const value& v, int depth);
  std::string write_reference(const value& v, int depth);
  std::string write_class(const value& v, int depth);
  std::string write_array(const value& v, int depth);
  std::string symbol_at(std::uintptr_t address) const;

  // `count` elements, braces around.
  template <class At>
  std::string write_elements(std::size_t count, At at);
  std::string quoted(const std::string& characters, bool cut) const;
  std::string quoted_at(std::uintptr_t address, std::uint64_t length);

  // library_text.cc. Empty: it is no class that it knows.
  std::optional<std::string> write_library(const value& v, int depth);
  std::optional<std::string> write_text_class(const std::string& name, const value& v);
  std::optional<std::string> write_sequence(const std::string& name, const value& v, int depth);
  std::optional<std::string> write_holder(const std::string& name, const value& v, int depth);
  std::optional<std::string> write_tree(const std::string& name, const value& v, int depth);
  std::optional<std::string> write_table(const std::string& name, const value& v, int depth);
  std::optional<std::string> write_lock(const std::string& name, const value& v);
  std::optional<std::string> write_channel(const std::string& name, const value& v);
  std::string write_pairs(const std::vector<value>& all, std::uint64_t count, bool map, int depth);
  std::string write_vector(const value& v, int depth);
  std::string write_bits(const value& v);
  std::string write_list(const value& v, int depth);
  std::string write_deque(const value& v, int depth);
  std::string goroutines_in(const value& queue);
  std::optional<value> base(const value& v, const std::string& begins_with);

  const objects& in_;
  dwarf_types& types_;
  const symbols& names_;
  std::uintptr_t bias_;
};

template <class At>
std::string value_writer::write_elements(std::size_t count, At at) {
  constexpr std::size_t longest_run = 1 << 20;
  std::string all = "{", next = count > 0 ? at(0) : "";
  std::size_t i = 0;
  for (std::size_t written = 0; i < count && written < most_elements;) {
    const std::string one = next;
    const auto follows = [&](std::size_t index) { return (next = at(index)) == one; };
    std::size_t repeats = 1;
    while (i + repeats < count && repeats < longest_run && follows(i + repeats)) repeats++;
    const bool folds = repeats > most_repeats;
    const std::size_t times = folds ? 1 : std::min(repeats, most_elements - written);
    for (std::size_t n = 0; n < times; n++) all += (all.size() == 1 ? "" : ", ") + one;
    written += times;
    if (folds) all += " <repeats " + std::to_string(repeats) + " times>";
    i += folds ? repeats : times;
  }
  return all + (i < count ? "...}" : "}");
}

}  // namespace rt0db
