// The program's names: which DIE is ns::x, what a DIE's whole name is.
//
// DWARF has names by the piece, in the tree of namespaces and classes, and libdw knows no DIE's parent. So
// the tree is walked once, when the first name is asked for, without the insides of functions: those are read
// in their frame. (Rejected: .debug_names and .debug_aranges, which gcc does not write or which lack types.)
#pragma once
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace rt0db {

// An attribute as a number, a text, an address or a DIE. False, nullptr: there is none.
bool number_of(Dwarf_Die die, unsigned attribute, std::int64_t* into);
const char* text_of(Dwarf_Die die, unsigned attribute);
bool die_of(Dwarf_Die die, unsigned attribute, Dwarf_Die* into);
bool flag_of(Dwarf_Die die, unsigned attribute);

// visit(child), for each.
template <class Visit>
void for_each_child(Dwarf_Die parent, Visit visit) {
  Dwarf_Die child;
  if (dwarf_child(&parent, &child) != 0) return;
  do {
    visit(child);
  } while (dwarf_siblingof(&child, &child) == 0);
}

class dwarf_names {
 public:
  explicit dwarf_names(Dwfl_Module* module);

  bool has_dwarf() const { return dwarf_ != nullptr; }
  // DWARF's addresses are that much below the file's.
  Dwarf_Addr bias() const { return bias_; }

  enum class kind { variable, function, type };
  // Definitions only; whoever is in an unnamed namespace is found without it, too.
  std::vector<Dwarf_Die> find(kind what, const std::string& name);
  // With its namespaces and classes; empty: it has none.
  std::string name_of(Dwarf_Die die);
  // The same without unnamed namespaces.
  std::string plain_name_of(Dwarf_Die die);
  // An enumerator's type.
  bool enum_of(Dwarf_Die enumerator, Dwarf_Die* into) const;
  // Its compilation unit's file.
  static std::string file_of(Dwarf_Die die);

 private:
  struct entry {
    kind what;
    Dwarf_Die die;
  };

  void read_all();
  void read_children(Dwarf_Die parent, const std::string& scope);
  void read_one(Dwarf_Die die, const std::string& scope);
  void add(kind what, Dwarf_Die die, const std::string& name);

  Dwarf* dwarf_ = nullptr;
  Dwarf_Addr bias_ = 0;
  bool read_ = false;
  std::set<std::string> texts_;
  std::unordered_map<const void*, const std::string*> names_;  // by where the DIE lies
  std::unordered_map<const void*, Dwarf_Die> enums_;           // of enumerators
  std::vector<Dwarf_Die> later_;                               // definitions of what was declared elsewhere
  std::unordered_map<std::string, std::vector<entry>> entries_;
};

}  // namespace rt0db
