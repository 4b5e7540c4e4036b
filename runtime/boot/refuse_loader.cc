// A dynamic loader runs preinit functions before any library's constructors, and libstdc++'s would already
// call our pthread_mutex_lock, without an M. So a program that was linked with a loader ends here, before
// _start; in our own start this function finds nothing to object to.
#include <elf.h>

#include <cstddef>

#include "sys/fd.h"
#include "sys/process.h"

extern "C" [[gnu::visibility("hidden")]] const Elf64_Ehdr __ehdr_start;

namespace rt0 {
namespace {

constexpr int exit_bad_link = 127;
constexpr char line[] = "rt0: link with -static-pie\n";

void refuse_loader(int, char**, char**) {
  const auto* start = reinterpret_cast<const char*>(&__ehdr_start);
  const auto* ph = reinterpret_cast<const Elf64_Phdr*>(start + __ehdr_start.e_phoff);
  for (int i = 0; i < __ehdr_start.e_phnum; i++) {
    if (ph[i].p_type != PT_INTERP) continue;
    sys::write_all(2, line, sizeof line - 1);
    sys::exit_group(exit_bad_link);
  }
}

[[gnu::used, gnu::section(".preinit_array")]] void (*const at_preinit)(int, char**, char**) = refuse_loader;

}  // namespace
}  // namespace rt0
