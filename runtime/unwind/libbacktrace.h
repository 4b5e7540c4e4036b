// libbacktrace's reader of DWARF and its sort, renamed (third_party/private). What its own headers call
// internal.h: GCC 12's, by which the archive was made; tests/failure/lines_test.sh notices another.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rt0 {

enum dwarf_section { info, line, abbrev, ranges, str, addr, str_offsets, line_str, rnglists, section_count };
inline constexpr const char* dwarf_section_names[section_count] = {
    ".debug_info", ".debug_line",        ".debug_abbrev",   ".debug_ranges",  ".debug_str",
    ".debug_addr", ".debug_str_offsets", ".debug_line_str", ".debug_rnglists"};

extern "C" {
struct backtrace_state;  // zeroed, it is one of a single thread
using backtrace_error = void (*)(void* data, const char* message, int error);
using backtrace_full = int (*)(void* data, std::uintptr_t pc, const char* file, int line,
                               const char* function);
using backtrace_lines = int (*)(backtrace_state*, std::uintptr_t pc, backtrace_full, backtrace_error,
                                void* data);
struct backtrace_sections {
  const unsigned char* data[section_count];
  std::size_t bytes[section_count];
};
int rt0_lib_backtrace_dwarf_add(backtrace_state*, std::uintptr_t bias, const backtrace_sections*,
                                int big_endian, void* other, backtrace_error, void* data,
                                backtrace_lines* lines, void** entry);
void rt0_lib_backtrace_qsort(void* base, std::size_t count, std::size_t bytes,
                             int (*compare)(const void*, const void*));
}

}  // namespace rt0
