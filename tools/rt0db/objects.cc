#include "tools/rt0db/objects.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "tools/rt0db/failure.h"

namespace rt0db {
namespace {

constexpr std::size_t most_bytes = 16 << 20;  // of one value
constexpr int deepest = 32;                   // of bases and unnamed members

std::size_t width(dwarf_types& types, const value& v) {
  return v.bit_size == 0 ? types.size(v.of) : static_cast<std::size_t>(v.bit_offset + v.bit_size + 7) / 8;
}

bool find_below(const objects& in, const value& object, const std::string& name, int depth, value* into) {
  if (depth > deepest) return false;
  const std::vector<field> fields = in.types().fields(object.of);
  for (const field& f : fields) {
    if (!f.base && f.name == name) return *into = in.member(object, f), true;
  }
  for (const field& f : fields) {
    if (f.base || f.name.empty()) {
      if (find_below(in, in.member(object, f), name, depth + 1, into)) return true;
    }
  }
  return false;
}

}  // namespace

void fail(const std::string& why) { throw failure(failed, why); }

std::string hexadecimal(std::uint64_t number) {
  char text[20];
  const auto end = std::to_chars(text, text + sizeof text, number, 16);
  return "0x" + std::string(text, end.ptr);
}

value objects::at(const type& of, std::uintptr_t address) const {
  value v;
  v.of = of;
  v.in_memory = true;
  v.address = address;
  return v;
}

value objects::from(const type& of, const location& where) const {
  value v;
  v.of = of;
  v.in_memory = where.in_memory;
  v.address = where.address;
  v.bytes = where.bytes;
  v.in_register = where.in_register;
  if (std::find(where.lost.begin(), where.lost.end(), true) != where.lost.end()) v.lost = where.lost;
  v.missing = where.missing;
  return v;
}

value objects::number(const basic_type& of, const void* bytes) const {
  value v;
  v.of = basic(of);
  const auto* from = static_cast<const std::byte*>(bytes);
  v.bytes.assign(from, from + of.bytes);
  return v;
}

value objects::number(const type& of, std::uint64_t bits) const {
  value v;
  v.of = of;
  v.bytes.resize(types_.size(of), static_cast<std::int64_t>(bits) < 0 ? std::byte{0xff} : std::byte{0});
  memcpy(v.bytes.data(), &bits, std::min(sizeof bits, v.bytes.size()));
  return v;
}

bool objects::try_load(value& v) const {
  if (!v.missing.empty()) return false;
  if (std::find(v.lost.begin(), v.lost.end(), true) != v.lost.end()) {
    v.missing = optimized_out;
    return false;
  }
  if (!v.in_memory || !v.bytes.empty()) return true;
  const std::size_t bytes = width(types_, v);
  if (bytes > most_bytes) {
    v.missing = "value of " + std::to_string(bytes) + " bytes: too large";
    return false;
  }
  v.bytes.resize(bytes);
  if (frame_.read(v.address, v.bytes.data(), bytes)) return true;
  v.bytes.clear();
  v.missing = "Cannot access memory at address " + hexadecimal(v.address);
  return false;
}

void objects::load(value& v) const {
  if (try_load(v)) return;
  fail(v.missing == optimized_out ? "value has been optimized out" : v.missing);
}

std::uint64_t objects::integer(value v) const {
  load(v);
  std::uint64_t low = 0, high = 0;
  memcpy(&low, v.bytes.data(), std::min(sizeof low, v.bytes.size()));
  int bits = static_cast<int>(8 * std::min(sizeof low, v.bytes.size()));
  if (v.bit_size != 0) {
    if (v.bytes.size() > sizeof low) memcpy(&high, v.bytes.data() + sizeof low, v.bytes.size() - sizeof low);
    low = low >> v.bit_offset | (v.bit_offset == 0 ? 0 : high << (64 - v.bit_offset));
    bits = v.bit_size;
  }
  if (bits == 0 || bits >= 64) return low;
  const int unused = 64 - bits;
  low <<= unused;
  return types_.is_signed(v.of) ? static_cast<std::uint64_t>(static_cast<std::int64_t>(low) >> unused)
                                : low >> unused;
}

long double objects::real(value v) const {
  if (!types_.is_real(v.of)) {
    const std::uint64_t n = integer(v);
    return types_.is_signed(v.of) ? static_cast<long double>(static_cast<std::int64_t>(n))
                                  : static_cast<long double>(n);
  }
  load(v);
  float single = 0;
  double wide = 0;
  long double widest = 0;
  switch (v.bytes.size()) {
    case sizeof single: memcpy(&single, v.bytes.data(), sizeof single); return single;
    case sizeof wide: memcpy(&wide, v.bytes.data(), sizeof wide); return wide;
    case sizeof widest: memcpy(&widest, v.bytes.data(), sizeof widest); return widest;
    default: fail("a floating-point number of " + std::to_string(v.bytes.size()) + " bytes");
  }
}

value objects::member(const value& object, const field& f) const {
  value v;
  v.of = f.of;
  v.missing = object.missing;
  v.bit_offset = f.bit_offset;
  v.bit_size = f.bit_size;
  v.in_memory = object.in_memory;
  v.address = object.address + static_cast<std::uintptr_t>(f.offset);
  if (!v.missing.empty()) return v;
  if (f.is_virtual) {
    Dwarf_Attribute place;
    Dwarf_Die die = f.die;
    dwarf_evaluator where(facts_, frame_, {});
    if (!object.in_memory || dwarf_attr(&die, DW_AT_data_member_location, &place) == nullptr ||
        !where.address(place, object.address, &v.address)) {
      v.missing = "<virtual base that cannot be found>";
    }
    return v;
  }
  if (object.in_memory) return v;
  const std::size_t begin = static_cast<std::size_t>(f.offset), bytes = width(types_, v);
  if (f.offset < 0 || begin > object.bytes.size() || bytes > object.bytes.size() - begin) {
    v.missing = optimized_out;
    return v;
  }
  const auto first = static_cast<std::ptrdiff_t>(begin), last = static_cast<std::ptrdiff_t>(begin + bytes);
  v.bytes.assign(object.bytes.begin() + first, object.bytes.begin() + last);
  if (!object.lost.empty()) v.lost.assign(object.lost.begin() + first, object.lost.begin() + last);
  return v;
}

bool objects::find(const value& object, const std::string& name, value* into) const {
  return find_below(*this, object, name, 0, into);
}

value objects::path(value object, const char* dotted) const {
  for (std::string rest = dotted; !rest.empty();) {
    const std::size_t dot = rest.find('.');
    const std::string name = rest.substr(0, dot);
    value found;
    if (!find(object, name, &found)) fail("There is no member named " + name + ".");
    object = found;
    rest = dot == std::string::npos ? "" : rest.substr(dot + 1);
  }
  return object;
}

value objects::element(const value& array, std::int64_t index) const {
  const type of = types_.target(array.of);
  const auto bytes = static_cast<std::int64_t>(types_.size(of));
  if (types_.is_pointer(array.of)) {
    if (bytes == 0) fail("Attempt to take contents of a non-pointer value.");
    return at(of, integer(array) + static_cast<std::uint64_t>(index * bytes));
  }
  field f;
  f.of = of;
  f.offset = index * bytes;
  return member(array, f);
}

value objects::target(const value& v) const {
  if (!types_.is_pointer(v.of) && !types_.is_reference(v.of)) {
    fail("Attempt to take contents of a non-pointer value.");
  }
  const type of = types_.target(v.of);
  return at(of, integer(v));
}

value objects::referred(const value& v) const { return types_.is_reference(v.of) ? target(v) : v; }

bool objects::text(std::uintptr_t address, std::size_t most, std::string* into) const {
  into->clear();
  while (into->size() < most) {
    // Not over the end of a page: the next may not be there.
    constexpr std::size_t page = 4096;
    char chunk[256];
    const std::size_t bytes = std::min({sizeof chunk, most - into->size(), page - address % page});
    if (!frame_.read(address, chunk, bytes)) return !into->empty();
    const std::size_t length = strnlen(chunk, bytes);
    into->append(chunk, length);
    if (length < bytes) return true;
    address += bytes;
  }
  return true;
}

void objects::assign(const value& to, std::vector<std::byte> bytes) const {
  value now = to;
  if (to.bit_size != 0) {
    now.bytes.clear();
    load(now);
    for (int bit = 0; bit < to.bit_size; bit++) {
      const auto place = static_cast<std::size_t>(to.bit_offset + bit);
      const auto from = static_cast<std::size_t>(bit);
      const std::byte mask{static_cast<unsigned char>(1u << (place % 8))};
      const bool set = ((bytes[from / 8] >> (from % 8)) & std::byte{1}) != std::byte{0};
      now.bytes[place / 8] = set ? now.bytes[place / 8] | mask : now.bytes[place / 8] & ~mask;
    }
    bytes = now.bytes;
  }
  if (to.in_memory) {
    if (!frame_.write(to.address, bytes.data(), bytes.size())) {
      fail("Cannot write memory at address " + hexadecimal(to.address));
    }
    return;
  }
  std::uint64_t word = 0;
  if (to.in_register < 0 || bytes.size() > sizeof word) fail("Left operand of assignment is not an lvalue.");
  frame_.get_register(to.in_register, &word);
  memcpy(&word, bytes.data(), bytes.size());
  if (!frame_.set_register(to.in_register, word)) fail("Its register cannot be written to.");
}

}  // namespace rt0db
