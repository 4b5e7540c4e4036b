// Names: which function and which line a pc is, of this program.
//
// Symbols are read by ourselves (image_file.h), lines by libbacktrace's reader of DWARF, a private copy
// (third_party/private), from the program's own file, when they are first asked for: lines only where it was
// compiled with -g. A stripped program has neither, and its frames are addresses in its file. C++ names are
// demangled by libstdc++, where a program has that: not in one in C.
//
// Rejected: our own reader of line tables (DWARF 5's, with inlined functions, is more than a page), and a
// symbolizer beside the program, which is not there when it is needed.
//
// It runs while everything stands still, on the report's stack (report_stack.h), and takes its memory from
// the kernel.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rt0 {

// In the program's code, the core's included.
bool in_text(std::uintptr_t pc) noexcept;

// Where the function that holds pc begins; 0: no symbol says.
std::uintptr_t entry_of(std::uintptr_t pc) noexcept;

struct source_place {
  const char* function;  // as the linker knows it; nullptr: unknown
  const char* file;      // nullptr: unknown
  int line;
};
// Tells of pc: first the functions that were inlined there, innermost first, then the one that has the code.
// Once at least.
void places_of(std::uintptr_t pc, void (*tell)(const source_place&, void* arg), void* arg) noexcept;

// The name in C++'s words, if it can be told; cut where the buffer ends.
void demangle(const char* name, char* into, std::size_t bytes) noexcept;
// Likewise of a std::type_info.
void demangle_type(const char* name, char* into, std::size_t bytes) noexcept;

}  // namespace rt0
