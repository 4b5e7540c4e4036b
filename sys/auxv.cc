#include "sys/auxv.h"

#include <elf.h>

namespace rt0::sys {
namespace {

constinit const std::uintptr_t* vector = nullptr;

}  // namespace

void auxv_init(const std::uintptr_t* sp) noexcept {
  const std::uintptr_t* p = sp + 1 + sp[0] + 1;  // past argc, argv and its null
  while (*p != 0) p++;                           // environment
  vector = p + 1;
}

std::uintptr_t auxv_value(std::uintptr_t type) noexcept {
  for (const std::uintptr_t* p = vector; p[0] != AT_NULL; p += 2) {
    if (p[0] == type) return p[1];
  }
  return 0;
}

const std::size_t* auxv() noexcept { return vector; }

}  // namespace rt0::sys
