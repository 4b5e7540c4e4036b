// What rt::debug::stack calls in the core.
#pragma once
#include <cstddef>

extern "C" {
// A dump as text: of the calling goroutine, or of all. nullptr: no memory. To be freed with its mapped_bytes.
char* rt0_stack(int all, std::size_t* bytes, std::size_t* mapped_bytes) noexcept;
void rt0_stack_free(char* text, std::size_t mapped_bytes) noexcept;
}
