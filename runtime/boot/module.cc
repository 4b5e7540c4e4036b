#include "runtime/boot/module.h"

#include "rt0/arch.h"
#include "runtime/base/fatal.h"
#include "runtime/sched/sched.h"
#include "sys/image/image.h"

// The linker names the ends of a section whose name is a C identifier.
extern "C" [[gnu::visibility("hidden")]] const char __start_rt0_text[], __stop_rt0_text[];
// libstdc++'s, if the program has a polymorphic type at all.
extern "C" [[gnu::weak]] const void* const _ZTVN10__cxxabiv117__class_type_infoE[];
extern "C" [[gnu::weak]] const void* const _ZTVN10__cxxabiv120__si_class_type_infoE[];
extern "C" [[gnu::weak]] const void* const _ZTVN10__cxxabiv121__vmi_class_type_infoE[];
extern "C" void _start();

namespace rt0 {

constinit module_data module;

namespace {

// .eh_frame_hdr (LSB, "Exception Frame Header"), as every linker writes it.
struct eh_frame_hdr {
  std::uint8_t version;
  std::uint8_t eh_frame_encoding, count_encoding, table_encoding;
  std::int32_t eh_frame;
  std::uint32_t count;
  struct {
    std::int32_t pc, fde;  // relative to the header
  } table[];
};
constexpr std::uint8_t enc_udata4 = 0x03, enc_datarel_sdata4 = 0x3b;

template <class F>
void for_each_load(F visit) {
  const auto& image = sys::image::self();
  for (int i = 0; i < image.phdr_count; i++) {
    const Elf64_Phdr& ph = image.phdr[i];
    if (ph.p_type != PT_LOAD) continue;
    visit(ph.p_flags, address_range{image.bias + ph.p_vaddr, image.bias + ph.p_vaddr + ph.p_memsz});
  }
}

void add_root(address_range range) noexcept {
  ensure(module.root_count < module_data::max_roots, "too many writable segments");
  module.roots[module.root_count++] = range;
}

}  // namespace

// The unwind table is there, has the form that the unwinder will assume, and is sorted at its ends. (All of
// it would cost a page fault for every 512 functions.)
void moduledataverify() noexcept {
  const auto* header = reinterpret_cast<const eh_frame_hdr*>(sys::image::self().eh_frame_hdr);
  ensure(header->version == 1, "moduledataverify: version of .eh_frame_hdr");
  ensure(header->count_encoding == enc_udata4 && header->table_encoding == enc_datarel_sdata4,
         "moduledataverify: .eh_frame_hdr has no search table");
  ensure(header->count > 0, "moduledataverify: .eh_frame_hdr is empty");
  ensure(header->table[0].pc <= header->table[header->count - 1].pc,
         "moduledataverify: .eh_frame_hdr is not sorted");
  module.unwind_entries = header->count;
}

// Where code is: the program's, and of it the runtime's own.
void modulesinit() noexcept {
  module.text = {~std::uintptr_t{0}, 0};
  for_each_load([](Elf64_Word flags, address_range range) {
    if ((flags & PF_X) == 0) return;
    if (range.lo < module.text.lo) module.text.lo = range.lo;
    if (range.hi > module.text.hi) module.text.hi = range.hi;
  });
  module.core_text = {reinterpret_cast<std::uintptr_t>(__start_rt0_text),
                      reinterpret_cast<std::uintptr_t>(__stop_rt0_text)};
  ensure(module.text.contains(reinterpret_cast<std::uintptr_t>(&_start)),
         "modulesinit: _start is in no code segment");
  ensure(module.core_text.contains(reinterpret_cast<std::uintptr_t>(rt0_resume)),
         "modulesinit: the core's code is not in its own section");
}

// Where types are: std::type_info objects are recognised by the vtable that their first word names.
void typelinksinit() noexcept {
  const auto& image = sys::image::self();
  if (image.relro != nullptr) {
    const std::uintptr_t lo = image.bias + image.relro->p_vaddr;
    module.read_only_data = {lo, lo + image.relro->p_memsz};
  }
  module.type_info_vtables[0] = _ZTVN10__cxxabiv117__class_type_infoE;
  module.type_info_vtables[1] = _ZTVN10__cxxabiv120__si_class_type_infoE;
  module.type_info_vtables[2] = _ZTVN10__cxxabiv121__vmi_class_type_infoE;
}

// Where vtables are: a report will search this range, so one outside it (a link without relro) does not
// count.
void itabsinit() noexcept {
  for (const void*& vtable : module.type_info_vtables) {
    if (!module.read_only_data.contains(reinterpret_cast<std::uintptr_t>(vtable))) vtable = nullptr;
  }
}

// The first stack that a conservative mark scans.
void stkobjinit() noexcept { add_root({getm()->g0->stack.lo, getm()->g0->stack.hi}); }

// The other roots: everything writable.
void gcinit() noexcept {
  for_each_load([](Elf64_Word flags, address_range range) {
    if ((flags & PF_W) != 0) add_root(range);
  });
}

}  // namespace rt0
