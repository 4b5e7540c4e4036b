// IRELATIVE relocations: the address is what a resolver answers. After them the image is finished, and RELRO
// closes it.
//
// Their resolvers are the program's code: they may be stack-protected or read thread-local data, so %fs is
// live by now.
#include "rt0/upcalls.h"
#include "sys/image/image.h"
#include "sys/image/tables.h"
#include "sys/mem.h"

// A non-PIE static link gives the table's bounds by name, and both are 0 where it has none.
extern "C" [[gnu::weak, gnu::visibility("hidden")]] const Elf64_Rela __rela_iplt_start[];
extern "C" [[gnu::weak, gnu::visibility("hidden")]] const Elf64_Rela __rela_iplt_end[];

namespace rt0 {
namespace sys::image {
namespace {

void apply_irelative(const Elf64_Rela* begin, const Elf64_Rela* end) noexcept {
  const std::uintptr_t bias = self().bias;
  for (const Elf64_Rela* r = begin; r < end; r++) {
    if (ELF64_R_TYPE(r->r_info) != R_X86_64_IRELATIVE) continue;
    const auto resolve =
        reinterpret_cast<std::uintptr_t (*)()>(bias + static_cast<std::uintptr_t>(r->r_addend));
    *reinterpret_cast<std::uintptr_t*>(bias + r->r_offset) = resolve();
  }
}

// The linker pads PT_GNU_RELRO to a page's end; a part of a page at either side stays writable.
void protect_relro() noexcept {
  const segments& image = self();
  if (image.relro == nullptr) return;
  const std::uintptr_t lo = round_down(image.bias + image.relro->p_vaddr, page_bytes);
  const std::uintptr_t hi = round_down(image.bias + image.relro->p_vaddr + image.relro->p_memsz, page_bytes);
  if (lo < hi) (void)protect(reinterpret_cast<void*>(lo), hi - lo, access::read);
}

}  // namespace
}  // namespace sys::image

extern "C" void rt0_irelative() {
  using namespace sys::image;
  if (!self().pie) {
    apply_irelative(__rela_iplt_start, __rela_iplt_end);
  } else if (self().dynamic != nullptr) {
    for_each_rela_table(apply_irelative);
  }
  protect_relro();
}

}  // namespace rt0
