// The auxiliary vector that the kernel put behind the environment.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rt0::sys {

// sp: the initial stack pointer: argc, argv, 0, envp, 0, auxv.
void auxv_init(const std::uintptr_t* sp) noexcept;
// The value of an AT_* entry, 0 if the kernel gave none.
std::uintptr_t auxv_value(std::uintptr_t type) noexcept;
// The vector itself, ended by AT_NULL.
const std::size_t* auxv() noexcept;

}  // namespace rt0::sys
