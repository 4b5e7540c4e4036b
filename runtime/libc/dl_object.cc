// The answers of a dynamic loader, for a program that is one object: exceptions find their tables here.
//
// In the core: they read the program's image, which is the core's.
#include <dlfcn.h>
#include <link.h>

#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "sys/image/image.h"

namespace rt0::libc {
namespace {

char* as_pointer(std::uintptr_t address) noexcept { return reinterpret_cast<char*>(address); }

}  // namespace

// libgcc_eh's question (gcc >= 12): which object holds this code, and where is its .eh_frame_hdr? Takes no
// lock, so it may be asked on any stack.
RT0_EXPORT int _dl_find_object(void* pc, dl_find_object* result) noexcept {
  const sys::image::segments& image = sys::image::self();
  const auto address = reinterpret_cast<std::uintptr_t>(pc);
  if (address < image.lo || address >= image.hi || image.eh_frame_hdr == 0) return -1;
  *result = {};
  result->dlfo_map_start = as_pointer(image.lo);
  result->dlfo_map_end = as_pointer(image.hi);
  result->dlfo_eh_frame = as_pointer(image.eh_frame_hdr);
  return 0;
}

// The same for other unwinders and for profilers: one call, for the one object.
RT0_EXPORT int dl_iterate_phdr(int (*callback)(dl_phdr_info*, std::size_t, void*), void* data) {
  const sys::image::segments& image = sys::image::self();
  dl_phdr_info info{};
  info.dlpi_addr = image.bias;
  info.dlpi_name = "";
  info.dlpi_phdr = image.phdr;
  info.dlpi_phnum = static_cast<Elf64_Half>(image.phdr_count);
  info.dlpi_adds = 1;
  if (image.tls != nullptr) {
    info.dlpi_tls_modid = 1;
    info.dlpi_tls_data = reinterpret_cast<char*>(getg()) - sys::image::tls().bytes;  // ELF TLS variant II
  }
  return callback(&info, sizeof info, data);
}

}  // namespace rt0::libc
