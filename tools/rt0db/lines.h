// Places in the program's code that a user names, and what code is there: by libdw's line tables and the
// symbol table. All addresses are the file's.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tools/rt0db/symbols.h"

namespace rt0db {

// A stretch of code of one line.
struct line_range {
  std::uintptr_t begin, end;
  std::string file;
  int line;
  bool statement;  // a place at which the compiler suggests to stop
};

class lines {
 public:
  explicit lines(symbols& names) : names_(names) {}

  // The addresses of `function`, `scope::function`, `file:line`, `line` (in near_file) or `*address`: an
  // inlined function has several. Throws failure(failed): there is no such place.
  std::vector<std::uintptr_t> find(const std::string& location, const std::string& near_file);

  // The code of the function that holds pc, in the order of addresses; empty: no lines are known.
  std::vector<line_range> function_at(std::uintptr_t pc);
  // Where a function that begins there is ready: behind its prologue, if it was not optimised.
  std::uintptr_t behind_prologue(std::uintptr_t entry);

  // Of all functions that are not inlined everywhere, for completion.
  const std::vector<std::string>& functions();

 private:
  std::vector<std::uintptr_t> find_function(const std::string& name);
  std::vector<std::uintptr_t> find_line(const std::string& file, int line);
  void inlined_instances(const std::string& name, std::vector<std::uintptr_t>& into);

  symbols& names_;
  std::vector<std::string> functions_;
};

// Line `line` of a file as the compiler named it, for the text of a program that was built elsewhere too: as
// named, from here, from the directory of the compilation. False: not found.
bool source_lines(const std::string& file, const std::string& directory, int first, int last,
                  std::vector<std::string>& into);

}  // namespace rt0db
