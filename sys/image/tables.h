// Between relocate.cc and irelative.cc: the relocation tables of a static-PIE.
#pragma once
#include <elf.h>

namespace rt0::sys::image {

// Calls visit(begin, end) for DT_RELA and DT_JMPREL. Only for an image with PT_DYNAMIC.
void for_each_rela_table(void (*visit)(const Elf64_Rela*, const Elf64_Rela*)) noexcept;

}  // namespace rt0::sys::image
