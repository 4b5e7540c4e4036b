// Values at a function's entry: what its caller passed (DWARF 5, 2.5.1.7 and 3.4).
#include <cstring>

#include "tools/rt0db/dwarf_expression.h"

namespace rt0db {
namespace {

constexpr int most_nested = 16;  // entry values of entry values

// The register that an expression of a single operation names; -1: it is another expression.
int only_register(Dwarf_Attribute attribute) {
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  if (dwarf_getlocation(&attribute, &ops, &count) != 0 || count != 1) return -1;
  if (ops->atom >= DW_OP_reg0 && ops->atom <= DW_OP_reg31) return ops->atom - DW_OP_reg0;
  return ops->atom == DW_OP_regx ? static_cast<int>(ops->number) : -1;
}

Dwarf_Die abstract(Dwarf_Die die) {
  Dwarf_Die origin;
  for (int i = 0; i < 4; i++) {
    if (!die_of(die, DW_AT_abstract_origin, &origin) && !die_of(die, DW_AT_specification, &origin)) break;
    die = origin;
  }
  return die;
}

bool has_address(Dwarf_Die die, unsigned attribute, Dwarf_Addr address) {
  Dwarf_Attribute found;
  Dwarf_Addr is = 0;
  return dwarf_formaddr(dwarf_attr(&die, attribute, &found), &is) == 0 && is == address;
}

// Below `parent`, the call that returns to an address.
bool call_site(Dwarf_Die parent, Dwarf_Addr returns, Dwarf_Die* into) {
  bool found = false;
  for_each_child(parent, [&](Dwarf_Die child) {
    if (found) return;
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_call_site || tag == DW_TAG_GNU_call_site) {
      found = has_address(child, DW_AT_call_return_pc, returns) || has_address(child, DW_AT_low_pc, returns);
      if (found) *into = child;
    } else if (tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine) {
      found = call_site(child, returns, into);
    }
  });
  return found;
}

bool attribute_of(Dwarf_Die die, unsigned one, unsigned other, Dwarf_Attribute* into) {
  return dwarf_attr(&die, one, into) != nullptr || dwarf_attr(&die, other, into) != nullptr;
}

// What a call names, and a function, are one. Each compilation unit has a declaration of its own.
bool is_of(Dwarf_Die named, Dwarf_Die function) {
  named = abstract(named);
  function = abstract(function);
  if (named.addr == function.addr) return true;
  const char *a = text_of(named, DW_AT_linkage_name), *b = text_of(function, DW_AT_linkage_name);
  if (a == nullptr && b == nullptr) a = dwarf_diename(&named), b = dwarf_diename(&function);
  return a != nullptr && b != nullptr && strcmp(a, b) == 0;
}

std::optional<Dwarf_Die> call_of(const program_facts& facts, const frame& caller) {
  const auto function = function_around(facts.names->scopes_at(caller.pc()));
  Dwarf_Die site;
  if (!function || !call_site(*function, caller.pc() + 1 - facts.dwarf_bias, &site)) return {};
  return site;
}

bool is_parameter(Dwarf_Die die) {
  const int tag = dwarf_tag(&die);
  return tag == DW_TAG_call_site_parameter || tag == DW_TAG_GNU_call_site_parameter;
}

}  // namespace

// The frame's function is the one that its caller called, and not one that this jumped to.
bool dwarf_evaluator::was_called_by(Dwarf_Die site) {
  Dwarf_Die named;
  if (die_of(site, DW_AT_call_origin, &named) || die_of(site, DW_AT_abstract_origin, &named)) {
    return is_of(named, *function_);
  }
  Dwarf_Attribute target;
  Dwarf_Addr entry = 0;
  if (!attribute_of(site, DW_AT_call_target, DW_AT_GNU_call_site_target, &target)) return false;
  const auto is = passed(*frame_.caller(), target);
  return is && dwarf_lowpc(&*function_, &entry) == 0 && is->bits == entry + facts_.dwarf_bias + frame_.bias();
}

// In the caller's frame.
std::optional<dwarf_evaluator::element> dwarf_evaluator::passed(const frame& caller,
                                                                Dwarf_Attribute attribute) {
  dwarf_evaluator inner(facts_, caller, function_around(facts_.names->scopes_at(caller.pc())));
  inner.nested_ = nested_ + 1;
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0, at = 0;
  description d;
  if (inner.nested_ > most_nested || dwarf_getlocation(&attribute, &ops, &count) != 0) return {};
  if (!inner.run({attribute, ops, count}, &at, &d)) return {};
  if (d.how == ends::in_memory || d.how == ends::value) return d.top;
  return {};
}

bool dwarf_evaluator::push_entry_value(const program& of, const Dwarf_Op& op) {
  Dwarf_Attribute attribute = of.attribute, held, location, value;
  const frame* caller = frame_.caller();
  if (caller == nullptr || !function_ || dwarf_getlocation_attr(&attribute, &op, &held) != 0) {
    return fail(optimized_out);
  }
  const int wanted = only_register(held);
  const auto site = call_of(facts_, *caller);
  if (wanted < 0 || !site || !was_called_by(*site)) return fail(optimized_out);
  std::optional<element> is;
  for_each_child(*site, [&](Dwarf_Die child) {
    if (is || !is_parameter(child) || dwarf_attr(&child, DW_AT_location, &location) == nullptr) return;
    if (only_register(location) != wanted) return;
    if (attribute_of(child, DW_AT_call_value, DW_AT_GNU_call_site_value, &value)) is = passed(*caller, value);
  });
  if (!is) return fail(optimized_out);
  stack_.push_back(*is);
  return true;
}

// A parameter that the compiler has dropped, of a function that it made of another: by its DIE.
bool dwarf_evaluator::push_parameter(const frame& caller, Dwarf_Die parameter) {
  const auto site = call_of(facts_, caller);
  if (!site || !function_ || !was_called_by(*site)) return fail(optimized_out);
  std::optional<element> is;
  Dwarf_Die named;
  Dwarf_Attribute value;
  for_each_child(*site, [&](Dwarf_Die child) {
    if (is || !is_parameter(child)) return;
    const bool names =
        die_of(child, DW_AT_call_parameter, &named) || die_of(child, DW_AT_abstract_origin, &named);
    if (!names || abstract(named).addr != abstract(parameter).addr) return;
    if (attribute_of(child, DW_AT_call_value, DW_AT_GNU_call_site_value, &value)) is = passed(caller, value);
  });
  if (!is) return fail(optimized_out);
  stack_.push_back(*is);
  return true;
}

}  // namespace rt0db
