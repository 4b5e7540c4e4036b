// The standard library's classes (libstdc++'s, by the names of its members) and rt's, as what they are to
// their users. A member that is not there, in another version of the library, makes the class be written as
// any other.
#include <rt/abi/chan.h>

#include <array>
#include <cstring>

#include "tools/rt0db/failure.h"
#include "tools/rt0db/value_text.h"

namespace rt0db {
namespace {

constexpr std::uint64_t most_walked = 1 << 20;  // nodes of a list or a table that may be damaged

// What lies in a pthread_mutex_t.
// Invariant: as in runtime/libc/pthread/mutex.h, which asserts it. (values_test)
struct mutex_layout {
  std::uint32_t word, depth;
  std::uint64_t owner;
};

bool is(const std::string& name, std::initializer_list<const char*> classes) {
  for (const char* c : classes) {
    if (name.starts_with(c)) return true;
  }
  return false;
}

// std::__cxx11::list is std::list.
std::string without_version(std::string name) {
  const std::size_t at = name.find("__cxx11::");
  if (at == 5) name.erase(at, strlen("__cxx11::"));
  return name;
}

// A class' own name for a type: value_type.
type named_type(dwarf_types& types, const type& of, const char* name) {
  type found;
  for_each_child(types.plain(of).die, [&](Dwarf_Die child) {
    const char* is = dwarf_diename(&child);
    if (is != nullptr && strcmp(is, name) == 0 && dwarf_tag(&child) == DW_TAG_typedef) found = type_at(child);
  });
  if (!found.has) fail(std::string("no ") + name);
  return found;
}

}  // namespace

std::optional<std::string> value_writer::write_library(const value& v, int depth) {
  const std::string name = without_version(types_.name(types_.plain(v.of)));
  if (!name.starts_with("std::") && !name.starts_with("rt::")) return {};
  try {
    if (auto text = write_text_class(name, v)) return text;
    if (auto text = write_sequence(name, v, depth)) return text;
    if (auto text = write_holder(name, v, depth)) return text;
    if (auto text = write_tree(name, v, depth)) return text;
    if (auto text = write_table(name, v, depth)) return text;
    if (auto text = write_lock(name, v)) return text;
    return write_channel(name, v);
  } catch (const failure&) {
    return {};
  }
}

std::optional<std::string> value_writer::write_text_class(const std::string& name, const value& v) {
  const bool view = is(name, {"std::basic_string_view<char,"});
  if (!view && !is(name, {"std::basic_string<char,"})) return {};
  const auto length = in_.integer(in_.path(v, view ? "_M_len" : "_M_string_length"));
  const auto address = in_.integer(in_.path(v, view ? "_M_str" : "_M_dataplus._M_p"));
  constexpr std::uint64_t most = 1 << 16;
  field bytes;
  bytes.of = basic(char_type);
  bytes.of.array = static_cast<std::int64_t>(std::min(length, most));
  if (length == 0) return "\"\"";
  value text = in_.at(bytes.of, address);
  in_.load(text);
  return quoted({reinterpret_cast<const char*>(text.bytes.data()), text.bytes.size()}, length > most);
}

std::string value_writer::write_vector(const value& v, int depth) {
  const value begin = in_.path(v, "_M_impl._M_start");
  const auto first = in_.integer(begin), last = in_.integer(in_.path(v, "_M_impl._M_finish"));
  const auto end = in_.integer(in_.path(v, "_M_impl._M_end_of_storage"));
  const std::size_t one = types_.size(types_.target(begin.of));
  if (one == 0 || last < first || end < last) fail("not a vector yet");
  const std::size_t length = (last - first) / one;
  const std::string text =
      "std::vector of length " + std::to_string(length) + ", capacity " + std::to_string((end - first) / one);
  if (length == 0) return text;
  return text + " = " + write_elements(length, [&](std::size_t i) {
           return write(in_.element(begin, static_cast<std::int64_t>(i)), depth + 1);
         });
}

std::string value_writer::write_bits(const value& v) {
  const auto first = in_.integer(in_.path(v, "_M_impl._M_start._M_p"));
  const auto last = in_.integer(in_.path(v, "_M_impl._M_finish._M_p"));
  const auto beyond = in_.integer(in_.path(v, "_M_impl._M_finish._M_offset"));
  const auto end = in_.integer(in_.path(v, "_M_impl._M_end_of_storage"));
  const std::size_t length = (last - first) * 8 + beyond;
  const std::string text = "std::vector<bool> of length " + std::to_string(length) + ", capacity " +
                           std::to_string((end - first) * 8);
  if (length == 0) return text;
  return text + " = " + write_elements(length, [&](std::size_t i) {
           const auto byte = in_.integer(in_.at(basic(char_type), first + i / 8));
           return std::string((byte >> (i % 8) & 1) != 0 ? "true" : "false");
         });
}

std::string value_writer::write_list(const value& v, int depth) {
  const value head = in_.path(v, "_M_impl._M_node");
  const type of = named_type(types_, v.of, "value_type");
  std::vector<value> all;
  std::uintptr_t node = in_.integer(in_.path(head, "_M_next"));
  constexpr std::size_t links = 2 * sizeof(std::uintptr_t);
  while (node != head.address && all.size() < most_walked) {
    all.push_back(in_.at(of, node + links));
    node = in_.integer(in_.at(basic(unsigned_long_type), node));
  }
  const std::string text = "std::list of length " + std::to_string(all.size());
  if (all.empty()) return text;
  return text + " = " + write_elements(all.size(), [&](std::size_t i) { return write(all[i], depth + 1); });
}

std::string value_writer::write_deque(const value& v, int depth) {
  const value cur = in_.path(v, "_M_impl._M_start._M_cur");
  const type of = types_.target(cur.of);
  const std::uint64_t one = types_.size(of);
  const auto word = [&](const char* member) { return in_.integer(in_.path(v, member)); };
  const std::uint64_t in_block = one == 0 ? 0 : one < 512 ? 512 / one : 1;
  if (in_block == 0) fail("no elements");
  const std::uint64_t skipped = (word("_M_impl._M_start._M_cur") - word("_M_impl._M_start._M_first")) / one;
  const std::uintptr_t blocks = word("_M_impl._M_start._M_node");
  const std::uint64_t length = (word("_M_impl._M_finish._M_node") - blocks) / sizeof(blocks) * in_block +
                               (word("_M_impl._M_finish._M_cur") - word("_M_impl._M_finish._M_first")) / one -
                               skipped;
  const std::string text = "std::deque with " + std::to_string(length) + " elements";
  if (length == 0) return text;
  return text + " = " + write_elements(length, [&](std::size_t i) {
           const std::uint64_t at = skipped + i;
           const std::uintptr_t place = blocks + at / in_block * sizeof(blocks);
           const auto block = in_.integer(in_.at(basic(unsigned_long_type), place));
           return write(in_.at(of, block + at % in_block * one), depth + 1);
         });
}

std::optional<std::string> value_writer::write_sequence(const std::string& name, const value& v, int depth) {
  if (is(name, {"std::vector<bool,"})) return write_bits(v);
  if (is(name, {"std::vector<"})) return write_vector(v, depth);
  if (is(name, {"std::array<"})) return write(in_.path(v, "_M_elems"), depth);
  if (is(name, {"std::list<"})) return write_list(v, depth);
  if (is(name, {"std::deque<"})) return write_deque(v, depth);
  return {};
}

// A direct or indirect base whose name begins so.
std::optional<value> value_writer::base(const value& v, const std::string& begins_with) {
  for (const field& f : types_.fields(v.of)) {
    if (!f.base) continue;
    const value b = in_.member(v, f);
    if (types_.name(types_.plain(f.of)).starts_with(begins_with)) return b;
    if (auto found = base(b, begins_with)) return found;
  }
  return {};
}

std::optional<std::string> value_writer::write_holder(const std::string& name, const value& v, int depth) {
  if (is(name, {"std::optional<"})) {
    if (in_.integer(in_.path(v, "_M_payload._M_engaged")) == 0) return "std::optional [no contained value]";
    return "std::optional = {[contained value] = " +
           write(in_.path(v, "_M_payload._M_payload._M_value"), depth + 1) + "}";
  }
  if (is(name, {"std::unique_ptr<"})) {
    const auto head = base(in_.path(v, "_M_t._M_t"), "std::_Head_base<0");
    if (!head) return {};
    return "std::unique_ptr = {get() = " + write(in_.path(*head, "_M_head_impl"), depth + 1) + "}";
  }
  if (is(name, {"std::shared_ptr<", "std::weak_ptr<"})) {
    const std::string text = name.substr(0, name.find('<'));
    const value counts = in_.path(v, "_M_refcount._M_pi");
    if (in_.integer(counts) == 0)
      return text + " (empty) = {get() = " + hexadecimal(in_.integer(in_.path(v, "_M_ptr"))) + "}";
    const value block = in_.target(counts);
    const auto uses = in_.integer(in_.path(block, "_M_use_count"));
    const auto weak = in_.integer(in_.path(block, "_M_weak_count"));
    const std::string count = uses == 0 ? "expired" : "use count " + std::to_string(uses);
    return text + " (" + count + ", weak count " + std::to_string(uses == 0 ? weak : weak - 1) +
           ") = {get() = " + write(in_.path(v, "_M_ptr"), depth + 1) + "}";
  }
  if (is(name, {"std::atomic<"})) {
    value held;
    if (in_.find(v, "_M_i", &held) || in_.find(v, "_M_p", &held)) return write(held, depth);
    return write(in_.path(v, is(name, {"std::atomic<bool"}) ? "_M_base._M_i" : "_M_b._M_p"), depth);
  }
  if (is(name, {"std::reference_wrapper<"})) return write(in_.path(v, "_M_data"), depth);
  if (is(name, {"std::pair<"})) {
    return "{first = " + write(in_.path(v, "first"), depth + 1) +
           ", second = " + write(in_.path(v, "second"), depth + 1) + "}";
  }
  if (!is(name, {"std::tuple<"})) return {};
  std::string all;
  for (int i = 0;; i++) {
    const auto head = base(v, "std::_Head_base<" + std::to_string(i));
    if (!head) break;
    value held;
    if (!in_.find(*head, "_M_head_impl", &held)) held = *head;
    all += (i == 0 ? "[" : ", [") + std::to_string(i) + "] = " + write(held, depth + 1);
  }
  return "std::tuple containing = {" + all + "}";
}

// Members of a set, or of a map: [key] = value.
std::string value_writer::write_pairs(const std::vector<value>& all, std::uint64_t count, bool map,
                                      int depth) {
  std::string text = "{";
  for (const value& one : all) {
    if (text.size() > 1) text += ", ";
    text += map ? "[" + write(in_.path(one, "first"), depth + 1) +
                      "] = " + write(in_.path(one, "second"), depth + 1)
                : write(one, depth + 1);
  }
  return text + (count > all.size() ? "...}" : "}");
}

std::optional<std::string> value_writer::write_tree(const std::string& name, const value& v, int depth) {
  const bool map = is(name, {"std::map<", "std::multimap<"});
  if (!map && !is(name, {"std::set<", "std::multiset<"})) return {};
  const auto count = in_.integer(in_.path(v, "_M_t._M_impl._M_node_count"));
  const std::string text = name.substr(0, name.find('<')) + " with " + std::to_string(count) + " elements";
  if (count == 0) return text;
  const type of = named_type(types_, v.of, "value_type");
  // A node: colour, parent, left, right, and its value.
  enum : int { parent = 1, left = 2, right = 3, links = 4 };
  const auto link = [&](std::uintptr_t node, int which) {
    return in_.integer(in_.at(basic(unsigned_long_type), node + which * sizeof(node)));
  };
  std::vector<value> all;
  std::uintptr_t node = in_.integer(in_.path(v, "_M_t._M_impl._M_header._M_left"));
  for (std::uint64_t steps = 0; all.size() < std::min<std::uint64_t>(count, most_elements); steps++) {
    if (steps > most_walked) fail("a tree with a circle");
    all.push_back(in_.at(of, node + links * sizeof(node)));
    std::uintptr_t next = link(node, right);
    if (next != 0) {
      while (link(next, left) != 0 && steps++ < most_walked) next = link(next, left);
    } else {
      next = link(node, parent);
      while (link(next, right) == node && steps++ < most_walked) {
        node = next;
        next = link(next, parent);
      }
    }
    node = next;
  }
  return text + " = " + write_pairs(all, count, map, depth);
}

std::optional<std::string> value_writer::write_table(const std::string& name, const value& v, int depth) {
  const bool map = is(name, {"std::unordered_map<", "std::unordered_multimap<"});
  if (!map && !is(name, {"std::unordered_set<", "std::unordered_multiset<"})) return {};
  const auto count = in_.integer(in_.path(v, "_M_h._M_element_count"));
  const std::string text = name.substr(0, name.find('<')) + " with " + std::to_string(count) + " elements";
  if (count == 0) return text;
  const type of = named_type(types_, v.of, "value_type");
  std::vector<value> all;
  std::uintptr_t node = in_.integer(in_.path(v, "_M_h._M_before_begin._M_nxt"));
  while (node != 0 && all.size() < most_elements) {
    all.push_back(in_.at(of, node + sizeof(node)));
    node = in_.integer(in_.at(basic(unsigned_long_type), node));
  }
  return text + " = " + write_pairs(all, count, map, depth);
}

std::optional<std::string> value_writer::write_lock(const std::string& name, const value& v) {
  const bool rt = name == "rt::mutex";
  if (name == "rt::wait_group") {
    const auto count = in_.integer(in_.path(v, "count_.value_._M_i"));
    return "wait_group, " + std::to_string(count) + " to be done";
  }
  if (!rt &&
      !is(name, {"std::mutex", "std::recursive_mutex", "std::timed_mutex", "std::recursive_timed_mutex"})) {
    return {};
  }
  value bytes = rt ? in_.path(v, "word_") : v;
  in_.load(bytes);
  mutex_layout mutex{};
  memcpy(&mutex, bytes.bytes.data(), std::min(sizeof mutex, bytes.bytes.size()));
  static constexpr std::array<const char*, 3> words = {"free", "locked", "locked, waited for"};
  std::string text = "mutex, ";
  text += mutex.word < words.size() ? words[mutex.word] : "word " + std::to_string(mutex.word);
  if (!rt && mutex.word != 0 && mutex.owner != 0) text += ", by goroutine " + std::to_string(mutex.owner);
  return text;
}

std::string value_writer::goroutines_in(const value& queue) {
  std::string all;
  value waiter = in_.path(queue, "first");
  for (std::uint64_t n = 0; in_.integer(waiter) != 0 && n < most_elements; n++) {
    const value node = in_.target(waiter);
    const value gp = in_.target(in_.path(node, "ticket.gp"));
    all += (all.empty() ? "" : ", ") + std::to_string(in_.integer(in_.path(gp, "goid")));
    waiter = in_.path(node, "next");
  }
  return all;
}

std::optional<std::string> value_writer::write_channel(const std::string& name, const value& v) {
  if (!is(name, {"rt::chan<"})) return {};
  const std::uintptr_t address = in_.integer(in_.path(v, "c_"));
  if (address == 0) return "nil channel";
  const auto known = types_.named("rt0::hchan");
  if (!known) return {};
  const value c = in_.at(*known, address);
  std::string text = "channel " + hexadecimal(address) + ", " +
                     std::to_string(in_.integer(in_.path(c, "count"))) + " of " +
                     std::to_string(in_.integer(in_.path(c, "capacity")));
  if ((in_.integer(in_.path(c, "bits")) & rt0_chan_is_closed) != 0) text += ", closed";
  const std::string receivers = goroutines_in(in_.path(c, "recvq"));
  const std::string senders = goroutines_in(in_.path(c, "sendq"));
  if (!receivers.empty()) text += ", receivers: goroutines " + receivers;
  if (!senders.empty()) text += ", senders: goroutines " + senders;
  return text;
}

}  // namespace rt0db
