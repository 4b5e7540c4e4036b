#include "tools/rt0db/dwarf_names.h"

#include <dwarf.h>

namespace rt0db {
namespace {

constexpr char unnamed_namespace[] = "(anonymous namespace)";

std::string without_unnamed(std::string name) {
  const std::string part = std::string(unnamed_namespace) + "::";
  for (std::size_t at; (at = name.find(part)) != std::string::npos;) name.erase(at, part.size());
  return name;
}

bool has_code(Dwarf_Die die) {
  return dwarf_hasattr(&die, DW_AT_low_pc) != 0 || dwarf_hasattr(&die, DW_AT_ranges) != 0;
}

// What it was declared as, or is a copy of.
bool origin_of(Dwarf_Die die, Dwarf_Die* into) {
  return die_of(die, DW_AT_specification, into) || die_of(die, DW_AT_abstract_origin, into);
}

}  // namespace

bool number_of(Dwarf_Die die, unsigned attribute, std::int64_t* into) {
  Dwarf_Attribute found;
  if (dwarf_attr_integrate(&die, attribute, &found) == nullptr) return false;
  Dwarf_Sword value = 0;
  Dwarf_Word word = 0;
  // A form without a sign is one that the value needs no sign for, but where it is as short as the value.
  const unsigned form = dwarf_whatform(&found);
  if (form == DW_FORM_sdata || form == DW_FORM_implicit_const) {
    if (dwarf_formsdata(&found, &value) != 0) return false;
  } else {
    if (dwarf_formudata(&found, &word) != 0) return false;
    value = static_cast<Dwarf_Sword>(word);
  }
  *into = value;
  return true;
}

const char* text_of(Dwarf_Die die, unsigned attribute) {
  Dwarf_Attribute found;
  return dwarf_formstring(dwarf_attr_integrate(&die, attribute, &found));
}

bool die_of(Dwarf_Die die, unsigned attribute, Dwarf_Die* into) {
  Dwarf_Attribute found;
  return dwarf_attr(&die, attribute, &found) != nullptr && dwarf_formref_die(&found, into) != nullptr;
}

bool flag_of(Dwarf_Die die, unsigned attribute) {
  Dwarf_Attribute found;
  bool set = false;
  return dwarf_formflag(dwarf_attr_integrate(&die, attribute, &found), &set) == 0 && set;
}

dwarf_names::dwarf_names(Dwfl_Module* module) {
  if (module != nullptr) dwarf_ = dwfl_module_getdwarf(module, &bias_);
}

void dwarf_names::add(kind what, Dwarf_Die die, const std::string& name) {
  names_[die.addr] = &*texts_.insert(name).first;
  entries_[without_unnamed(name)].push_back({what, die});
}

void dwarf_names::read_all() {
  if (read_ || dwarf_ == nullptr) return;
  read_ = true;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die root, type_root;
  while (dwarf_get_units(dwarf_, unit, &unit, nullptr, nullptr, &root, &type_root) == 0) {
    const int tag = dwarf_tag(&root);
    if (tag == DW_TAG_compile_unit || tag == DW_TAG_type_unit || tag == DW_TAG_partial_unit) {
      read_children(root, {});
    }
  }
  for (const Dwarf_Die& die : later_) {
    const std::string name = name_of(die);
    if (!name.empty()) {
      add(dwarf_tag(const_cast<Dwarf_Die*>(&die)) == DW_TAG_subprogram ? kind::function : kind::variable, die,
          name);
    }
  }
  later_.clear();
}

void dwarf_names::read_children(Dwarf_Die parent, const std::string& scope) {
  for_each_child(parent, [&](Dwarf_Die child) { read_one(child, scope); });
}

void dwarf_names::read_one(Dwarf_Die die, const std::string& scope) {
  const int tag = dwarf_tag(&die);
  Dwarf_Attribute own;
  const char* text = dwarf_formstring(dwarf_attr(&die, DW_AT_name, &own));
  const bool declared = dwarf_hasattr(&die, DW_AT_declaration) != 0;
  const auto whole = [&](const char* part) { return scope.empty() ? part : scope + "::" + part; };
  switch (tag) {
    case DW_TAG_namespace: read_children(die, whole(text != nullptr ? text : unnamed_namespace)); return;
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type: {
      if (text != nullptr && !declared) add(kind::type, die, whole(text));
      if (text != nullptr && declared) names_[die.addr] = &*texts_.insert(whole(text)).first;
      if (tag != DW_TAG_enumeration_type) {
        read_children(die, text != nullptr ? whole(text) : scope);
        return;
      }
      // Enumerators of an enum that is no class are names of the scope around it.
      const bool inside = text != nullptr && dwarf_hasattr(&die, DW_AT_enum_class) != 0;
      for_each_child(die, [&](Dwarf_Die child) {
        const char* name = dwarf_diename(&child);
        if (name == nullptr || dwarf_tag(&child) != DW_TAG_enumerator) return;
        add(kind::variable, child, (inside ? whole(text) + "::" : scope.empty() ? "" : scope + "::") + name);
        enums_[child.addr] = die;
      });
      return;
    }
    case DW_TAG_typedef:
    case DW_TAG_base_type:
      if (text != nullptr) add(kind::type, die, whole(text));
      return;
    case DW_TAG_subprogram:
    case DW_TAG_variable:
    case DW_TAG_member: {
      Dwarf_Die origin;
      const bool defined = tag == DW_TAG_subprogram ? has_code(die)
                                                    : dwarf_hasattr(&die, DW_AT_location) != 0 ||
                                                          dwarf_hasattr(&die, DW_AT_const_value) != 0;
      if (text == nullptr && defined && origin_of(die, &origin)) later_.push_back(die);
      if (text == nullptr) return;
      if (tag == DW_TAG_member && dwarf_hasattr(&die, DW_AT_external) == 0) return;
      if (defined) {
        add(tag == DW_TAG_subprogram ? kind::function : kind::variable, die, whole(text));
      } else {
        names_[die.addr] = &*texts_.insert(whole(text)).first;
      }
      return;
    }
    default: return;
  }
}

std::vector<Dwarf_Die> dwarf_names::find(kind what, const std::string& name) {
  read_all();
  std::vector<Dwarf_Die> found;
  const auto entries = entries_.find(without_unnamed(name));
  if (entries == entries_.end()) return found;
  for (const entry& e : entries->second) {
    if (e.what == what) found.push_back(e.die);
  }
  return found;
}

std::string dwarf_names::name_of(Dwarf_Die die) {
  read_all();
  constexpr int most_origins = 8;
  for (int i = 0; i < most_origins; i++) {
    const auto known = names_.find(die.addr);
    if (known != names_.end()) return *known->second;
    Dwarf_Die origin;
    if (!origin_of(die, &origin)) break;
    die = origin;
  }
  const char* text = dwarf_diename(&die);
  return text != nullptr ? text : "";
}

std::string dwarf_names::plain_name_of(Dwarf_Die die) { return without_unnamed(name_of(die)); }

bool dwarf_names::enum_of(Dwarf_Die enumerator, Dwarf_Die* into) const {
  const auto found = enums_.find(enumerator.addr);
  if (found != enums_.end()) *into = found->second;
  return found != enums_.end();
}

std::string dwarf_names::file_of(Dwarf_Die die) {
  Dwarf_Die root;
  const char* name = dwarf_diename(dwarf_diecu(&die, &root, nullptr, nullptr));
  return name != nullptr ? name : "";
}

}  // namespace rt0db
