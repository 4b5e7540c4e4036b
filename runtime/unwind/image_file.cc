#include "runtime/unwind/image_file.h"

#include <elf.h>
#include <limits.h>

#include "runtime/base/text.h"
#include "runtime/unwind/libbacktrace.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/image/image.h"
#include "sys/mem.h"
#include "sys/text.h"

namespace rt0 {
namespace {

struct function {
  std::uintptr_t address;
  std::size_t bytes;
  std::uint32_t name;
  std::uint32_t rank;  // of several at one address the lowest is the one to be named
};

struct elf_file {
  const unsigned char* at;  // nullptr: there is none
  std::size_t bytes;
  const Elf64_Shdr* sections;
  int section_count;
  const char* section_names;

  // [offset, offset + size) lies in the file.
  bool holds(std::uint64_t offset, std::uint64_t size) const noexcept {
    return offset <= bytes && size <= bytes - offset;
  }
};

struct {
  bool asked, open;
  elf_file program;
  elf_file split;     // from it, if there is such a file
  const char* names;  // of symbols
  std::size_t names_bytes;
  const function* functions;  // sorted
  std::size_t function_count;
} constinit image{};

bool read_sections(elf_file& file) noexcept {
  if (file.bytes < sizeof(Elf64_Ehdr)) return false;
  const auto& header = *reinterpret_cast<const Elf64_Ehdr*>(file.at);
  if (__builtin_memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_shentsize != sizeof(Elf64_Shdr) ||
      header.e_shstrndx >= header.e_shnum ||
      !file.holds(header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr))) {
    return false;
  }
  file.sections = reinterpret_cast<const Elf64_Shdr*>(file.at + header.e_shoff);
  const Elf64_Shdr& names = file.sections[header.e_shstrndx];
  if (!file.holds(names.sh_offset, names.sh_size)) return false;
  file.section_names = reinterpret_cast<const char*>(file.at + names.sh_offset);
  file.section_count = header.e_shnum;
  return true;
}

// False, and no sections: there is no such file, or it is no ELF file.
bool open_elf(const char* path, elf_file& file) noexcept {
  file = {};
  const auto fd = sys::open_for_reading(path);
  if (!fd.ok()) return false;
  const std::size_t bytes = sys::file_bytes(fd.value());
  const auto view = sys::map_file(fd.value(), bytes, 0);
  sys::close(fd.value());
  if (!view.ok()) return false;
  file.at = static_cast<const unsigned char*>(view.value());
  file.bytes = bytes;
  if (read_sections(file)) return true;
  (void)sys::unmap(view.value(), bytes);
  file = {};
  return false;
}

bytes_of_file section_of(const elf_file& file, const char* name) noexcept {
  for (int i = 0; i < file.section_count; i++) {
    const Elf64_Shdr& s = file.sections[i];
    if (!same(file.section_names + s.sh_name, name) || s.sh_type == SHT_NOBITS) continue;
    if ((s.sh_flags & SHF_COMPRESSED) != 0) return {nullptr, 0, true};
    if (file.holds(s.sh_offset, s.sh_size)) return {file.at + s.sh_offset, s.sh_size, false};
  }
  return {nullptr, 0, false};
}

bool has_dwarf(const elf_file& file) noexcept {
  const bytes_of_file info = section_of(file, ".debug_info");
  return info.at != nullptr || info.compressed;
}

constexpr const char* id_section = ".note.gnu.build-id";
constexpr std::size_t id_place = 16;  // in the note, behind its sizes, its type and "GNU"

// It was split from the program, not from one of the same name.
bool is_the_programs(const elf_file& file) noexcept {
  const bytes_of_file own = section_of(image.program, id_section), other = section_of(file, id_section);
  if (own.at == nullptr || other.at == nullptr || own.bytes != other.bytes) return false;
  for (std::size_t i = 0; i < own.bytes; i++) {
    if (own.at[i] != other.at[i]) return false;
  }
  return true;
}

bool open_split(const char* path) noexcept {
  if (!open_elf(path, image.split)) return false;
  if (is_the_programs(image.split)) return true;
  image.split = {};
  return false;
}

void find_split() noexcept {
  sys::text<PATH_MAX> path;
  const bytes_of_file id = section_of(image.program, id_section);
  if (id.at != nullptr && id.bytes > id_place) {
    path.add("/usr/lib/debug/.build-id/");
    for (std::size_t i = id_place; i < id.bytes; i++) {
      path.add_hex(id.at[i]);
      if (i == id_place) path.add('/');
    }
    path.add(".debug");
    if (open_split(path.at)) return;
  }
  const bytes_of_file link = section_of(image.program, ".gnu_debuglink");
  if (link.at == nullptr) return;
  path.cut(sys::read_link("/proc/self/exe", path.at, sizeof path.at));
  while (path.length != 0 && path.at[path.length - 1] != '/') path.cut(path.length - 1);
  for (std::size_t i = 0; i < link.bytes && link.at[i] != 0; i++) path.add(static_cast<char>(link.at[i]));
  (void)open_split(path.at);
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
  const bool own = section_of(image.program, ".symtab").at != nullptr;
  const elf_file& file = own ? image.program : image.split;
  const bytes_of_file table = section_of(file, ".symtab"), names = section_of(file, ".strtab");
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
  image.open = open_elf("/proc/self/exe", image.program);
  if (!image.open) return false;
  if (!has_dwarf(image.program)) find_split();
  read_symbols();
  return true;
}

bytes_of_file dwarf_section(const char* name) noexcept {
  return section_of(has_dwarf(image.program) ? image.program : image.split, name);
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
