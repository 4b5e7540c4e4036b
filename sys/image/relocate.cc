// The first C++ of the process: finds the image, and relocates it.
//
// Runs before %fs is live and before any pointer in .data is right: no stack protector, no calls to memcpy,
// no tables of pointers, no strings reached through relocated data. The build compiles this folder
// accordingly (rt0/defs.bzl).
#include "rt0/upcalls.h"
#include "sys/auxv.h"
#include "sys/fd.h"
#include "sys/image/image.h"
#include "sys/image/tables.h"
#include "sys/process.h"

extern "C" [[gnu::visibility("hidden")]] const Elf64_Ehdr __ehdr_start;

namespace rt0 {
namespace sys::image {
namespace {

constinit segments image{};
constexpr int exit_bad_link = 127;

#ifndef DT_RELRSZ
#define DT_RELRSZ 35
#define DT_RELR 36
#endif

[[noreturn]] void bad_link(const char* line, std::size_t bytes) noexcept {
  write_all(2, line, bytes);
  exit_group(exit_bad_link);
}

template <std::size_t N>
[[noreturn]] void bad_link(const char (&line)[N]) noexcept {
  bad_link(line, N - 1);
}

void find_segments() noexcept {
  const auto start = reinterpret_cast<std::uintptr_t>(&__ehdr_start);
  image.phdr = reinterpret_cast<const Elf64_Phdr*>(start + __ehdr_start.e_phoff);
  image.phdr_count = __ehdr_start.e_phnum;
  image.pie = __ehdr_start.e_type == ET_DYN;
  image.lo = ~std::uintptr_t{0};
  bool first_load = true;
  for (int i = 0; i < image.phdr_count; i++) {
    const Elf64_Phdr& ph = image.phdr[i];
    if (ph.p_type == PT_LOAD) {
      if (first_load) image.bias = start + ph.p_offset - ph.p_vaddr;
      first_load = false;
      if (ph.p_vaddr < image.lo) image.lo = ph.p_vaddr;
      if (ph.p_vaddr + ph.p_memsz > image.hi) image.hi = ph.p_vaddr + ph.p_memsz;
    }
    if (ph.p_type == PT_DYNAMIC) image.dynamic = &ph;
    if (ph.p_type == PT_TLS) image.tls = &ph;
    if (ph.p_type == PT_GNU_RELRO) image.relro = &ph;
    if (ph.p_type == PT_GNU_PROPERTY) image.property = &ph;
    if (ph.p_type == PT_GNU_EH_FRAME) image.eh_frame_hdr = ph.p_vaddr;
  }
  image.lo += image.bias;
  image.hi += image.bias;
  // Without the header no exception can be caught.
  if (image.eh_frame_hdr == 0) bad_link("rt0: link with -Wl,--eh-frame-hdr\n");
  image.eh_frame_hdr += image.bias;
}

// DT_RELR: an address, then bitmaps of the 63 words behind it (generic-abi, "Relative relocations").
void apply_relr(const std::uintptr_t* entry, const std::uintptr_t* end) noexcept {
  std::uintptr_t* next = nullptr;
  for (; entry < end; entry++) {
    if ((*entry & 1) == 0) {
      next = reinterpret_cast<std::uintptr_t*>(image.bias + *entry);
      *next++ += image.bias;
      continue;
    }
    std::uintptr_t* word = next;
    for (std::uintptr_t bits = *entry >> 1; bits != 0; bits >>= 1, word++) {
      if (bits & 1) *word += image.bias;
    }
    next += 63;
  }
}

struct rela_table {
  const Elf64_Rela* begin;
  const Elf64_Rela* end;
};

rela_table table_at(std::uintptr_t vaddr, std::size_t bytes) noexcept {
  const std::uintptr_t at = image.bias + vaddr;
  return {reinterpret_cast<const Elf64_Rela*>(at), reinterpret_cast<const Elf64_Rela*>(at + bytes)};
}

struct dynamic_tables {
  rela_table rela, plt;
  const std::uintptr_t *relr_begin, *relr_end;
};

dynamic_tables read_dynamic() noexcept {
  std::uintptr_t rela = 0, rela_bytes = 0, plt = 0, plt_bytes = 0, relr = 0, relr_bytes = 0;
  const auto* dyn = reinterpret_cast<const Elf64_Dyn*>(image.bias + image.dynamic->p_vaddr);
  for (; dyn->d_tag != DT_NULL; dyn++) {
    const std::uintptr_t value = dyn->d_un.d_val;
    if (dyn->d_tag == DT_RELA) rela = value;
    if (dyn->d_tag == DT_RELASZ) rela_bytes = value;
    if (dyn->d_tag == DT_JMPREL) plt = value;
    if (dyn->d_tag == DT_PLTRELSZ) plt_bytes = value;
    if (dyn->d_tag == DT_RELR) relr = value;
    if (dyn->d_tag == DT_RELRSZ) relr_bytes = value;
  }
  return {table_at(rela, rela_bytes), table_at(plt, plt_bytes),
          reinterpret_cast<const std::uintptr_t*>(image.bias + relr),
          reinterpret_cast<const std::uintptr_t*>(image.bias + relr + relr_bytes)};
}

void apply_relative(rela_table table) noexcept {
  for (const Elf64_Rela* r = table.begin; r < table.end; r++) {
    if (ELF64_R_TYPE(r->r_info) != R_X86_64_RELATIVE) continue;
    *reinterpret_cast<std::uintptr_t*>(image.bias + r->r_offset) =
        image.bias + static_cast<std::uintptr_t>(r->r_addend);
  }
}

}  // namespace

const segments& self() noexcept { return image; }

void for_each_rela_table(void (*visit)(const Elf64_Rela*, const Elf64_Rela*)) noexcept {
  const dynamic_tables tables = read_dynamic();
  visit(tables.rela.begin, tables.rela.end);
  visit(tables.plt.begin, tables.plt.end);
}

}  // namespace sys::image

extern "C" void rt0_relocate(const std::uintptr_t* sp) {
  using namespace sys::image;
  sys::auxv_init(sp);
  find_segments();
  if (!image.pie || image.dynamic == nullptr) return;
  const dynamic_tables tables = read_dynamic();
  apply_relr(tables.relr_begin, tables.relr_end);
  apply_relative(tables.rela);
  apply_relative(tables.plt);
}

}  // namespace rt0
