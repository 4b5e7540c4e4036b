// The program's own ELF image: found once by rt0_relocate, read by everyone who needs its segments.
#pragma once
#include <elf.h>

#include <cstddef>
#include <cstdint>

namespace rt0::sys::image {

struct segments {
  const Elf64_Phdr* phdr;  // the program headers, in memory
  int phdr_count;
  bool pie;
  std::uintptr_t bias;    // address - p_vaddr
  std::uintptr_t lo, hi;  // the loaded range
  const Elf64_Phdr*
      dynamic;  // PT_DYNAMIC, PT_TLS, PT_GNU_RELRO, PT_GNU_PROPERTY: nullptr where the link made none
  const Elf64_Phdr* tls;
  const Elf64_Phdr* relro;
  const Elf64_Phdr* property;
  std::uintptr_t eh_frame_hdr;  // address of .eh_frame_hdr
};

// Valid after rt0_relocate.
const segments& self() noexcept;

// The stack protector's canary, from AT_RANDOM; byte 1 is 0, so that a string function stops at it (musl's
// rule, which leaves one more random byte at the start than glibc's).
std::uintptr_t canary() noexcept;

// The TLS block that lies below a TCB (ELF TLS variant II): it starts at TCB - bytes.
struct tls_layout {
  std::size_t bytes;  // a multiple of align
  std::size_t align;  // of the TCB, at least 64
};
tls_layout tls() noexcept;
// Writes a fresh TLS block below tcb: .tdata copied, .tbss cleared.
void init_tls_block(void* tcb) noexcept;

// preinit_array, then init_array, in order.
void run_init_array(int argc, char** argv, char** envp);
// fini_array in reverse.
void run_fini_array();

}  // namespace rt0::sys::image
