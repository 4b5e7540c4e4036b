#include "tools/rt0db/values.h"

#include "tools/rt0db/expressions.h"
#include "tools/rt0db/value_text.h"

namespace rt0db {
namespace {

// "f(int)" is f with those parameters; parameters empty and `given` false: any.
struct wanted {
  std::string name, parameters;
  bool given = false;
};

std::string without_spaces(const std::string& text) {
  std::string all;
  for (const char c : text) {
    if (c != ' ') all += c;
  }
  return all;
}

wanted split(const std::string& text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] == '<') depth++;
    if (text[i] == '>') depth--;
    if (text[i] != '(' || depth != 0 || text.compare(i, 11, "(anonymous ") == 0) continue;
    const std::size_t end = text.rfind(')');
    return {text.substr(0, i), without_spaces(text.substr(i + 1, end - i - 1)), true};
  }
  return {text, {}, false};
}

}  // namespace

values::values(const symbols& names, const image& program)
    : program_(std::make_unique<program_data>(names, program)) {}

values::~values() = default;

std::vector<variable> values::arguments(const frame& f) { return scope(*program_, f).variables(true); }

std::vector<variable> values::locals(const frame& f) { return scope(*program_, f).variables(false); }

value values::evaluate(const std::string& expression, const frame& f) {
  if (!program_->names.has_dwarf()) fail("The program has no debug information.");
  scope names(*program_, f);
  value v = expression_reader(names, f).read(expression);
  std::byte first{};
  if (v.in_memory && v.bytes.empty() && size(v.of) != 0 && !f.read(v.address, &first, 1)) {
    fail("Cannot access memory at address " + hexadecimal(v.address));
  }
  return v;
}

void values::assign(const value& to, const value& from, const frame& f) {
  const objects in(program_->types, program_->facts, f);
  const value object = in.referred(to);
  if (!object.missing.empty()) fail("value has been optimized out");
  value converted = arithmetic(in).convert(from, object.of);
  in.load(converted);
  in.assign(object, converted.bytes);
}

std::string values::text(const value& v, const frame& f) {
  const objects in(program_->types, program_->facts, f);
  return value_writer(in, program_->symbols_of, f.bias()).text(v);
}

std::string values::name(const type& t) { return program_->types.name(t); }

std::size_t values::size(const type& t) { return program_->types.size(t); }

void values::load(value& v, const frame& f) { objects(program_->types, program_->facts, f).load(v); }

std::vector<function> values::functions(const std::string& text) {
  const wanted which = split(text);
  std::vector<function> all;
  for (const Dwarf_Die& die : program_->names.find(dwarf_names::kind::function, which.name)) {
    Dwarf_Die code = die;
    Dwarf_Addr entry = 0;
    // What the linker has dropped is at 0.
    if (dwarf_entrypc(&code, &entry) != 0 || entry == 0) continue;
    function f;
    f.address = entry + program_->facts.dwarf_bias;
    const std::string parameters = program_->types.parameters(die);
    if (which.given && without_spaces(parameters) != which.parameters) continue;
    f.name = program_->names.name_of(die) + "(" + parameters + ")";
    f.result = dwarf_types::of(die);
    for_each_child(die, [&](Dwarf_Die child) {
      const int tag = dwarf_tag(&child);
      f.varargs = f.varargs || tag == DW_TAG_unspecified_parameters;
      if (tag != DW_TAG_formal_parameter) return;
      const char* name = dwarf_diename(&child);
      f.member = f.member || (f.parameters.empty() && name != nullptr && std::string(name) == "this");
      f.parameters.push_back(dwarf_types::of(child));
    });
    bool known = false;
    for (const function& other : all) known = known || other.address == f.address;
    if (!known) all.push_back(std::move(f));
  }
  return all;
}

value values::convert(const value& v, const type& to, const frame& f) {
  dwarf_types& types = program_->types;
  const objects in(types, program_->facts, f);
  if (types.is_reference(to)) {
    const value object = in.referred(v);
    if (!types.same(object.of, types.target(to))) {
      fail("Cannot convert " + types.name(object.of) + " to " + types.name(to) + ".");
    }
    if (!object.in_memory) fail("Attempt to take address of value not located in memory.");
    value address = in.number(types.pointer_to(object.of), object.address);
    address.of = to;
    return address;
  }
  value converted = arithmetic(in).convert(v, to);
  in.load(converted);
  return converted;
}

values::kind values::passed_as(const type& t) {
  dwarf_types& types = program_->types;
  if (types.tag(t) == 0) return kind::nothing;
  if (types.is_real(t)) {
    const std::size_t bytes = types.size(t);
    return bytes == sizeof(float) ? kind::single : bytes == sizeof(double) ? kind::real : kind::object;
  }
  if (types.is_integral(t) || types.is_pointer(t) || types.is_reference(t)) {
    return types.size(t) <= sizeof(std::uint64_t) ? kind::integer : kind::object;
  }
  return types.tag(t) == DW_TAG_unspecified_type ? kind::integer : kind::object;
}

}  // namespace rt0db
