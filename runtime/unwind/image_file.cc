#include "runtime/unwind/image_file.h"

#include <elf.h>

#include "runtime/base/text.h"
#include "runtime/unwind/libbacktrace.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/image/image.h"
#include "sys/mem.h"

namespace rt0 {
namespace {

struct function {
  std::uintptr_t address;
  std::size_t bytes;
  std::uint32_t name;
  std::uint32_t rank;  // of several at one address the lowest is the one to be named
};

struct {
  bool asked, open;
  const unsigned char* file;
  std::size_t bytes;
  const Elf64_Shdr* sections;
  int section_count;
  const char* section_names;
  const char* names;  // of symbols
  std::size_t names_bytes;
  const function* functions;  // sorted
  std::size_t function_count;
} constinit image{};

// [offset, offset + bytes) lies in the file.
bool holds(std::uint64_t offset, std::uint64_t bytes) noexcept {
  return offset <= image.bytes && bytes <= image.bytes - offset;
}

bool read_sections() noexcept {
  if (image.bytes < sizeof(Elf64_Ehdr)) return false;
  const auto& header = *reinterpret_cast<const Elf64_Ehdr*>(image.file);
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shstrndx >= header.e_shnum ||
      !holds(header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr))) {
    return false;
  }
  image.sections = reinterpret_cast<const Elf64_Shdr*>(image.file + header.e_shoff);
  image.section_count = header.e_shnum;
  const Elf64_Shdr& names = image.sections[header.e_shstrndx];
  if (!holds(names.sh_offset, names.sh_size)) return false;
  image.section_names = reinterpret_cast<const char*>(image.file + names.sh_offset);
  return true;
}

bool map_program() noexcept {
  const auto fd = sys::open_for_reading("/proc/self/exe");
  if (!fd.ok()) return false;
  const std::size_t bytes = sys::file_bytes(fd.value());
  const auto view = sys::map_file(fd.value(), bytes, 0);
  sys::close(fd.value());
  if (!view.ok()) return false;
  image.file = static_cast<const unsigned char*>(view.value());
  image.bytes = bytes;
  return true;
}

int by_address(const void* a, const void* b) noexcept {
  const auto &one = *static_cast<const function*>(a), &other = *static_cast<const function*>(b);
  if (one.address != other.address) return one.address < other.address ? -1 : 1;
  if (one.rank != other.rank) return one.rank < other.rank ? -1 : 1;
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

// Of several names the program's own word: global before local, without underscores, the shortest.
std::uint32_t rank_of(const Elf64_Sym& s, const char* name) noexcept {
  constexpr std::uint32_t local = 2000, underscored = 1000;
  std::uint32_t length = 0;
  while (name[length] != 0) length++;
  return length + (ELF64_ST_BIND(s.st_info) == STB_LOCAL ? local : 0) + (name[0] == '_' ? underscored : 0);
}

void read_symbols() noexcept {
  const bytes_of_file table = section_of_file(".symtab"), names = section_of_file(".strtab");
  if (table.at == nullptr || names.at == nullptr) return;
  const auto* symbols = reinterpret_cast<const Elf64_Sym*>(table.at);
  const std::size_t count = table.bytes / sizeof(Elf64_Sym);
  const auto memory = sys::map(count * sizeof(function) + 1, sys::map_kind::heap);
  if (!memory.ok()) return;
  auto* functions = static_cast<function*>(memory.value());
  std::size_t n = 0;
  for (std::size_t i = 0; i < count; i++) {
    const Elf64_Sym& s = symbols[i];
    const unsigned type = ELF64_ST_TYPE(s.st_info);
    if ((type != STT_FUNC && type != STT_GNU_IFUNC) || s.st_shndx == SHN_UNDEF || s.st_name >= names.bytes) {
      continue;
    }
    functions[n++] = {s.st_value + sys::image::self().bias, s.st_size, s.st_name,
                      rank_of(s, reinterpret_cast<const char*>(names.at) + s.st_name)};
  }
  rt0_lib_backtrace_qsort(functions, n, sizeof(function), by_address);
  image.names = reinterpret_cast<const char*>(names.at);
  image.functions = functions;
  image.function_count = n;
}

}  // namespace

bool image_file_open() noexcept {
  if (image.asked) return image.open;
  image.asked = true;
  image.open = map_program() && read_sections();
  if (image.open) read_symbols();
  return image.open;
}

bytes_of_file section_of_file(const char* name) noexcept {
  for (int i = 0; i < image.section_count; i++) {
    const Elf64_Shdr& s = image.sections[i];
    if (!same(image.section_names + s.sh_name, name)) continue;
    const bool plain = (s.sh_flags & SHF_COMPRESSED) == 0 && s.sh_type != SHT_NOBITS;
    if (plain && holds(s.sh_offset, s.sh_size)) return {image.file + s.sh_offset, s.sh_size};
  }
  return {nullptr, 0};
}

symbol symbol_of(std::uintptr_t pc) noexcept {
  if (!image_file_open()) return {nullptr, 0};
  // The last that does not begin behind pc, and of those at one address the first.
  std::size_t lo = 0, hi = image.function_count;
  while (lo < hi) {
    const std::size_t middle = lo + (hi - lo) / 2;
    (image.functions[middle].address <= pc ? lo : hi) =
        image.functions[middle].address <= pc ? middle + 1 : middle;
  }
  if (lo == 0) return {nullptr, 0};
  const function* found = &image.functions[lo - 1];
  while (found != image.functions && found[-1].address == found->address) found--;
  if (found->bytes != 0 && pc - found->address >= found->bytes) return {nullptr, 0};
  return {image.names + found->name, found->address};
}

}  // namespace rt0
