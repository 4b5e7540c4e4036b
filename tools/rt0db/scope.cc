#include "tools/rt0db/scope.h"

#include <algorithm>
#include <cstring>

namespace rt0db {
namespace {

// How far below the thread pointer the program's TLS block begins (psABI's variant II).
std::uintptr_t tls_bytes(const image& program) {
  for (const Elf64_Phdr& ph : program_headers(program.file())) {
    const std::uintptr_t align = ph.p_align != 0 ? ph.p_align : 1;
    if (ph.p_type == PT_TLS) return (ph.p_memsz + align - 1) / align * align;
  }
  return 0;
}

bool is_function(Dwarf_Die die) {
  const int tag = dwarf_tag(&die);
  return tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram;
}

// Of the scopes around a pc, those from the innermost of a place to its function.
std::vector<Dwarf_Die> blocks_of(const std::vector<Dwarf_Die>& around, std::size_t wanted) {
  std::vector<Dwarf_Die> blocks;
  std::size_t place = 0;
  for (const Dwarf_Die& die : around) {
    if (place == wanted) blocks.push_back(die);
    if (is_function(die) && place++ == wanted) break;
  }
  return blocks;
}

bool is_variable(Dwarf_Die die, bool argument) {
  return dwarf_tag(&die) == (argument ? DW_TAG_formal_parameter : DW_TAG_variable);
}

}  // namespace

program_data::program_data(const symbols& all, const image& program)
    : symbols_of(all), names(all.module()), types(names), facts{&all, names.bias(), tls_bytes(program)} {}

scope::scope(program_data& program, const frame& f)
    : program_(program),
      frame_(f),
      objects_(program.types, program.facts, f),
      blocks_(blocks_of(program.symbols_of.scopes_at(f.pc()), f.place())),
      function_(function_around(program.symbols_of.scopes_at(f.pc()))) {}

std::optional<value> scope::constant(Dwarf_Die die, const type& of) {
  Dwarf_Attribute found;
  if (dwarf_attr_integrate(&die, DW_AT_const_value, &found) == nullptr) return {};
  Dwarf_Block block;
  value v;
  v.of = of;
  std::int64_t n = 0;
  if (dwarf_formblock(&found, &block) == 0) {
    const auto* data = reinterpret_cast<const std::byte*>(block.data);
    v.bytes.assign(data, data + block.length);
    v.bytes.resize(program_.types.size(of));
    return v;
  }
  if (const char* text = dwarf_formstring(&found)) {
    const auto* data = reinterpret_cast<const std::byte*>(text);
    v.bytes.assign(data, data + strlen(text) + 1);
    v.bytes.resize(program_.types.size(of));
    return v;
  }
  if (!number_of(die, DW_AT_const_value, &n)) return {};
  return objects_.number(of, static_cast<std::uint64_t>(n));
}

value scope::value_of(Dwarf_Die die) {
  type of = dwarf_types::of(die);
  Dwarf_Die enumeration;
  if (program_.names.enum_of(die, &enumeration)) of = type_at(enumeration);
  Dwarf_Attribute place;
  if (dwarf_attr_integrate(&die, DW_AT_location, &place) != nullptr) {
    dwarf_evaluator evaluator(program_.facts, frame_, function_);
    return objects_.from(of, evaluator.locate(place, program_.types.size(of)));
  }
  if (auto known = constant(die, of)) return *known;
  value v;
  v.of = of;
  v.missing = optimized_out;
  // `extern int x;` in a block.
  const char* name = dwarf_diename(&die);
  if (flag_of(die, DW_AT_declaration) && name != nullptr) {
    if (auto found = find_global(name, {})) return *found;
  }
  return v;
}

void scope::add_variables(Dwarf_Die block, int depth, bool arguments, std::vector<variable>* into) {
  std::vector<const void*> copied;
  const auto add = [&](Dwarf_Die child) {
    const char* name = dwarf_diename(&child);
    if (!is_variable(child, arguments) || name == nullptr) return;
    into->push_back({name, arguments, depth, value_of(child)});
  };
  for_each_child(block, [&](Dwarf_Die child) {
    Dwarf_Die origin;
    if (die_of(child, DW_AT_abstract_origin, &origin)) copied.push_back(origin.addr);
    add(child);
  });
  // What an inlined copy has lost wholly is only in what it is a copy of.
  Dwarf_Die original;
  if (!die_of(block, DW_AT_abstract_origin, &original)) return;
  for_each_child(original, [&](Dwarf_Die child) {
    if (std::find(copied.begin(), copied.end(), child.addr) == copied.end()) add(child);
  });
}

std::vector<variable> scope::variables(bool arguments) {
  std::vector<variable> all;
  for (std::size_t i = 0; i < blocks_.size(); i++) {
    add_variables(blocks_[i], static_cast<int>(i), arguments, &all);
  }
  return all;
}

std::optional<value> scope::find_local(const std::string& name) {
  for (const Dwarf_Die& block : blocks_) {
    // The last of a block with this name that has a place hides those before it.
    std::optional<Dwarf_Die> found;
    const auto look = [&](Dwarf_Die child) {
      const char* is = dwarf_diename(&child);
      const bool named = is != nullptr && name == is;
      if (named && (is_variable(child, false) || is_variable(child, true))) found = child;
    };
    for_each_child(block, look);
    Dwarf_Die original;
    if (!found && die_of(block, DW_AT_abstract_origin, &original)) for_each_child(original, look);
    if (found) return value_of(*found);
  }
  return {};
}

std::optional<value> scope::find_member(const std::string& name) {
  const auto self = name == "this" ? std::nullopt : find_local("this");
  if (!self || !self->missing.empty() || !program_.types.is_pointer(self->of)) return {};
  value found;
  const value object = objects_.target(*self);
  // What a lambda has captured.
  if (objects_.find(object, name, &found) || objects_.find(object, "__" + name, &found)) return found;
  return {};
}

std::vector<std::string> scope::meanings(const std::string& name) {
  std::vector<std::string> all;
  std::string around = blocks_.empty() ? "" : program_.names.plain_name_of(blocks_.back());
  int depth = 0;
  for (std::size_t at = around.size(); at-- > 1;) {
    if (around[at] == '>') depth++;
    if (around[at] == '<') depth--;
    if (depth == 0 && around[at] == ':' && around[at - 1] == ':') {
      all.push_back(around.substr(0, at + 1) + name);
      at--;
    }
  }
  all.push_back(name);
  return all;
}

std::optional<value> scope::find_global(const std::string& name, const std::string& file) {
  const std::string here = blocks_.empty() ? "" : dwarf_names::file_of(blocks_.back());
  for (const std::string& meaning : file.empty() ? meanings(name) : std::vector{name}) {
    std::optional<value> found;
    std::string files;
    bool several = false;
    for (const Dwarf_Die& die : program_.names.find(dwarf_names::kind::variable, meaning)) {
      const std::string of = dwarf_names::file_of(die);
      if (!file.empty() && !of.ends_with(file)) continue;
      const value v = value_of(die);
      if (of == here) return v;
      several = several || (found && found->in_memory && found->address != v.address);
      if (!found || found->address != v.address) files += (files.empty() ? "" : ", ") + of;
      if (!found || !found->missing.empty()) found = v;
    }
    if (several) fail("\"" + name + "\" is ambiguous: say FILE::" + name + " (" + files + ")");
    if (found) return found;
    for (const Dwarf_Die& die : program_.names.find(dwarf_names::kind::function, meaning)) {
      Dwarf_Addr entry = 0;
      Dwarf_Die function = die;
      if (!file.empty() && !dwarf_names::file_of(die).ends_with(file)) continue;
      if (dwarf_entrypc(&function, &entry) != 0 || entry == 0) continue;
      return objects_.at(type_at(die), entry + program_.facts.dwarf_bias + frame_.bias());
    }
  }
  return {};
}

std::optional<value> scope::find(const std::string& name) {
  if (auto found = find_local(name)) return found;
  if (auto found = find_member(name)) return found;
  return find_global(name, {});
}

std::optional<type> scope::find_type(const std::string& name) {
  for (const std::string& meaning : meanings(name)) {
    if (auto found = program_.types.named(meaning)) return found;
  }
  return {};
}

}  // namespace rt0db
