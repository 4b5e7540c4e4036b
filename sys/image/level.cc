// The x86-64 level that the binary was built for, and the line for a CPU that lacks it.
//
// Compilers and linkers leave it in the GNU property note (x86-64 psABI, GNU_PROPERTY_X86_ISA_1_NEEDED): gcc
// with -mneeded, which our specs add to -march=x86-64-vN, or any linker with -z x86-64-vN.
#include "rt0/upcalls.h"
#include "sys/fd.h"
#include "sys/image/image.h"
#include "sys/process.h"

namespace rt0 {
namespace {

constexpr std::uint32_t property_x86_isa_1_needed = 0xc0008002;
constexpr std::uint32_t isa_v2 = 1u << 1, isa_v3 = 1u << 2, isa_v4 = 1u << 3;
constexpr std::uint32_t note_name_bytes = 4;  // "GNU\0"
constexpr int exit_bad_cpu = 1;

struct property {
  std::uint32_t type, bytes, value;
};

std::uint32_t level_of(std::uint32_t isa) noexcept {
  if (isa & isa_v4) return 4;
  if (isa & isa_v3) return 3;
  return isa & isa_v2 ? 2 : 1;
}

}  // namespace

extern "C" std::uint32_t rt0_image_level() {
  const auto& image = sys::image::self();
  if (image.property == nullptr || image.property->p_memsz < sizeof(Elf64_Nhdr) + note_name_bytes) return 1;
  const std::uintptr_t note = image.bias + image.property->p_vaddr;
  const auto* header = reinterpret_cast<const Elf64_Nhdr*>(note);
  if (header->n_type != NT_GNU_PROPERTY_TYPE_0) return 1;
  std::uintptr_t at = note + sizeof(Elf64_Nhdr) + note_name_bytes;
  const std::uintptr_t end = at + header->n_descsz;
  while (at + sizeof(property) <= end) {
    const auto* p = reinterpret_cast<const property*>(at);
    if (p->type == property_x86_isa_1_needed) return level_of(p->value);
    at += 8 + ((p->bytes + 7) & ~7u);
  }
  return 1;
}

extern "C" void rt0_bad_cpu(std::uint32_t level) {
  char line[] = "rt0: this program was built for x86-64-v?, which this CPU or its kernel lacks\n";
  constexpr int digit = sizeof "rt0: this program was built for x86-64-v" - 1;
  line[digit] = static_cast<char>('0' + level);
  sys::write_all(2, line, sizeof line - 1);
  sys::exit_group(exit_bad_cpu);
}

}  // namespace rt0
