// Copy and fill by the string instructions.
#pragma once
#include <cstddef>

namespace rt0 {

inline void copy_forward(void* to, const void* from, std::size_t n) noexcept {
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n)::"memory");
}
inline void fill(void* at, unsigned char byte, std::size_t n) noexcept {
  asm volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(byte) : "memory");
}

}  // namespace rt0
