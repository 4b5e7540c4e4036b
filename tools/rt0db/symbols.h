// Names of the program's code, by libdw: functions from the symbol table, lines and inlined functions from
// DWARF, of the program or of a separate debug file where gdb would look for it. A program without has
// neither; what is left is addresses. All addresses are the file's.
#pragma once
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "tools/rt0db/image.h"

namespace rt0db {

struct place {
  std::string function;  // its name in C++'s words, without parameters; empty: unknown
  std::string file;      // empty: unknown
  int line = 0;
  bool inlined = false;  // into the next place
};

// The library's between a program's function and the runtime.
bool is_library(const place& where);
// A library's own, by its reserved name: between std::invoke and what that calls there are three more.
bool is_internal(const place& where);

// A linker's name in C++'s words, without parameters.
std::string demangled(const char* name);

class symbols {
 public:
  explicit symbols(const image& program);
  symbols(const symbols&) = delete;
  symbols& operator=(const symbols&) = delete;
  ~symbols();

  // Functions that were inlined at pc, innermost first, then the one that has the code. One place at least.
  const std::vector<place>& at(std::uintptr_t pc);
  // Where the function that holds pc begins; 0: no symbol says.
  std::uintptr_t entry_of(std::uintptr_t pc) const;
  // The blocks and functions around pc, innermost first, inlined ones where their code is.
  std::vector<Dwarf_Die> scopes_at(std::uintptr_t pc) const;
  // nullptr: there is no symbol table even.
  Dwfl_Module* module() const { return module_; }

 private:
  std::vector<place> look_up(std::uintptr_t pc);

  Dwfl* dwfl_ = nullptr;
  Dwfl_Module* module_ = nullptr;
  std::unordered_map<std::uintptr_t, std::vector<place>> known_;
  mutable std::unordered_map<std::uintptr_t, std::uintptr_t> entries_;
};

}  // namespace rt0db
