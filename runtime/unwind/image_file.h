// The program's own file, as a report reads it: symbols, and the sections that DWARF stands in.
//
// libbacktrace has a reader of ELF files too, of 27 KB, most of which inflates compressed sections: ours is a
// page long. What is compressed (-gz) is not read.
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
  const unsigned char* at;  // nullptr: no such section
  std::size_t bytes;
};
bytes_of_file section_of_file(const char* name) noexcept;

// The function that holds pc.
symbol symbol_of(std::uintptr_t pc) noexcept;

}  // namespace rt0
