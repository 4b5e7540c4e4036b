// The core's own memcpy, memmove, memset, memcmp and strlen, which the compiler calls by itself. Hidden, so
// that core text never leaves its section (a signal that finds the pc in the C library takes it for the
// user's code) and programs keep the C library's quicker ones.
//
// Defined under other names, with the symbols as labels: g++ declares the real names itself, with default
// visibility, and lets nobody change that.
//
// rep movsb and stosb: fast since Ivy Bridge (ERMS), and the runtime's copies are TLS images and short
// strings.
#include <cstddef>
#include <cstdint>

#include "rt0/arch.h"

extern "C" {

void* core_memcpy(void* to, const void* from, std::size_t n) noexcept __asm__("memcpy");
void* core_memmove(void* to, const void* from, std::size_t n) noexcept __asm__("memmove");
void* core_memset(void* at, int byte, std::size_t n) noexcept __asm__("memset");
int core_memcmp(const void* a, const void* b, std::size_t n) noexcept __asm__("memcmp");
std::size_t core_strlen(const char* s) noexcept __asm__("strlen");

void* core_memcpy(void* to, const void* from, std::size_t n) noexcept {
  rt0::copy_forward(to, from, n);
  return to;
}

void* core_memmove(void* to, const void* from, std::size_t n) noexcept {
  auto* d = static_cast<char*>(to);
  const auto* s = static_cast<const char*>(from);
  if (static_cast<std::size_t>(d - s) >= n) {
    rt0::copy_forward(d, s, n);
  } else {
    while (n-- > 0) d[n] = s[n];
  }
  return to;
}

void* core_memset(void* at, int byte, std::size_t n) noexcept {
  rt0::fill(at, static_cast<unsigned char>(byte), n);
  return at;
}

int core_memcmp(const void* a, const void* b, std::size_t n) noexcept {
  const auto* x = static_cast<const unsigned char*>(a);
  const auto* y = static_cast<const unsigned char*>(b);
  for (std::size_t i = 0; i < n; i++) {
    if (x[i] != y[i]) return x[i] - y[i];
  }
  return 0;
}

std::size_t core_strlen(const char* s) noexcept {
  std::size_t n = 0;
  while (s[n] != 0) n++;
  return n;
}

}  // extern "C"
