// The few string functions that the core needs beyond the compiler's.
#pragma once

namespace rt0 {

inline bool same(const char* a, const char* b) noexcept {
  while (*a != 0 && *a == *b) a++, b++;
  return *a == *b;
}

// What follows the prefix in text, or nullptr if text does not begin with it.
inline const char* skip_prefix(const char* text, const char* prefix) noexcept {
  while (*prefix != 0) {
    if (*text++ != *prefix++) return nullptr;
  }
  return text;
}

}  // namespace rt0
