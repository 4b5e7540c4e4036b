#include "runtime/unwind/symbols.h"

#include <elf.h>

#include "runtime/unwind/image_file.h"
#include "runtime/unwind/libbacktrace.h"
#include "sys/image/image.h"

// libstdc++'s: allocates nothing. A program without libstdc++ has none.
extern "C" [[gnu::weak]] int __gcclibcxx_demangle_callback(const char* mangled,
                                                           void (*part)(const char*, std::size_t, void*),
                                                           void* arg);

namespace rt0 {
namespace {

constexpr std::size_t state_bytes = 256;  // GCC 12's is 80
alignas(16) constinit std::byte state_memory[state_bytes]{};
constinit backtrace_lines lines = nullptr;
constinit bool asked = false;

backtrace_state* state() noexcept { return reinterpret_cast<backtrace_state*>(state_memory); }
void ignore(void*, const char*, int) {}

void read_lines() noexcept {
  asked = true;
  if (!image_file_open()) return;
  backtrace_sections sections{};
  for (int i = 0; i < section_count; i++) {
    const bytes_of_file one = dwarf_section(dwarf_section_names[i]);
    if (one.compressed) return;  // what would be told of the others is half of the truth
    sections.data[i] = one.at;
    sections.bytes[i] = one.bytes;
  }
  if (sections.data[info] == nullptr || sections.data[line] == nullptr) return;
  void* entry = nullptr;
  if (rt0_lib_backtrace_dwarf_add(state(), sys::image::self().bias, &sections, 0, nullptr, ignore, nullptr,
                                  &lines, &entry) == 0) {
    lines = nullptr;
  }
}

struct teller {
  void (*tell)(const source_place&, void*);
  void* arg;
  bool told;
};

int tell_place(void* data, std::uintptr_t pc, const char* file, int line, const char* function) {
  auto& t = *static_cast<teller*>(data);
  if (file == nullptr && function == nullptr) return 0;
  t.told = true;
  t.tell({function != nullptr ? function : symbol_of(pc).name, file, line}, t.arg);
  return 0;
}

struct cut_text {
  char* at;
  std::size_t room;  // what the end's 0 takes is not in it
};

void append(const char* part, std::size_t bytes, void* arg) {
  auto& to = *static_cast<cut_text*>(arg);
  for (std::size_t i = 0; i < bytes && to.room != 0; i++, to.room--) *to.at++ = part[i];
}

}  // namespace

bool in_text(std::uintptr_t pc) noexcept {
  const sys::image::segments& image = sys::image::self();
  for (int i = 0; i < image.phdr_count; i++) {
    const Elf64_Phdr& part = image.phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    if (pc - (image.bias + part.p_vaddr) < part.p_memsz) return true;
  }
  return false;
}

std::uintptr_t entry_of(std::uintptr_t pc) noexcept { return symbol_of(pc).address; }

void places_of(std::uintptr_t pc, void (*tell)(const source_place&, void* arg), void* arg) noexcept {
  if (!asked) read_lines();
  teller t{tell, arg, false};
  if (lines != nullptr) (void)lines(state(), pc, tell_place, ignore, &t);
  if (!t.told) tell({symbol_of(pc).name, nullptr, 0}, arg);
}

void demangle_type(const char* name, char* into, std::size_t bytes) noexcept {
  cut_text to{into, bytes - 1};
  if (__gcclibcxx_demangle_callback == nullptr || __gcclibcxx_demangle_callback(name, append, &to) != 0) {
    to = {into, bytes - 1};
    for (; *name != 0; name++) append(name, 1, &to);
  }
  *to.at = 0;
}

void demangle(const char* name, char* into, std::size_t bytes) noexcept {
  // What is no C++ name could be read as a type.
  if (name[0] == '_' && name[1] == 'Z') return demangle_type(name, into, bytes);
  cut_text to{into, bytes - 1};
  for (; *name != 0; name++) append(name, 1, &to);
  *to.at = 0;
}

}  // namespace rt0
