// Which variables a name may mean at a place in the program: those of the blocks around it and of the
// function, which may be inlined there; members of its object; those of its namespaces, of the file, of all.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tools/rt0db/dwarf_names.h"
#include "tools/rt0db/image.h"
#include "tools/rt0db/objects.h"
#include "tools/rt0db/symbols.h"

namespace rt0db {

struct variable {
  std::string name;
  bool argument = false;
  int depth = 0;  // 0: of the innermost block. One name may come twice: the first hides the second
  value is;
};

// What is known of the program, whatever frame is looked at.
struct program_data {
  program_data(const symbols& all, const image& program);

  const symbols& symbols_of;
  dwarf_names names;
  dwarf_types types;
  program_facts facts;
};

class scope {
 public:
  scope(program_data& program, const frame& f);

  // Of the function: arguments in their order, or all others, those of inner blocks first.
  std::vector<variable> variables(bool arguments);
  // No global ones.
  std::optional<value> find_local(const std::string& name);
  // Of this function's object.
  std::optional<value> find_member(const std::string& name);
  // file: empty, or the end of a source file's path. Throws if it may be several.
  std::optional<value> find_global(const std::string& name, const std::string& file);
  // All of these, in this order.
  std::optional<value> find(const std::string& name);
  // A type by its name here.
  std::optional<type> find_type(const std::string& name);
  // Names that `name` may mean in this function's namespaces and classes, the innermost first.
  std::vector<std::string> meanings(const std::string& name);

  const objects& in() const { return objects_; }
  value value_of(Dwarf_Die variable);

 private:
  std::optional<value> constant(Dwarf_Die die, const type& of);
  void add_variables(Dwarf_Die block, int depth, bool arguments, std::vector<variable>* into);

  program_data& program_;
  const frame& frame_;
  objects objects_;
  std::vector<Dwarf_Die> blocks_;      // from the innermost to the function of the frame's place
  std::optional<Dwarf_Die> function_;  // whose code it is, which may be around that
};

}  // namespace rt0db
