// The program's own file, as a report reads it: symbols, and the sections that DWARF stands in.
//
// What was split from it (objcopy --only-keep-debug) is looked for in /usr/lib/debug/.build-id, where
// distributions put it, and beside the program by the name in its .gnu_debuglink: in both, it is what it says
// if its build id is the program's, and no sum of all of its bytes is made.
//
// libbacktrace has a reader of ELF files too, of 27 KB, most of which inflates compressed sections: ours is a
// page long. What is compressed (-gz) is not read: functions have names then, and no lines.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rt0 {

struct symbol {
  const char* name;  // nullptr: none
  std::uintptr_t address;
};

// Opens the file, once. False: there is none to be read.
bool image_file_open() noexcept;

struct bytes_of_file {
  const unsigned char* at;  // nullptr: no such section, or it is compressed
  std::size_t bytes;
  bool compressed;
};
// A section that DWARF stands in: the program's, or where that has none, of what was split from it.
bytes_of_file dwarf_section(const char* name) noexcept;

// The function that holds pc.
symbol symbol_of(std::uintptr_t pc) noexcept;

}  // namespace rt0
