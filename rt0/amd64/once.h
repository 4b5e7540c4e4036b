// The core's frame that exceptions pass through: once.S.
#pragma once

namespace rt0 {

extern "C" {
// Calls fn(). If an exception or a forced unwind leaves it, rt0_once_personality (upcalls.h) is called in the
// cleanup phase, and the unwinding goes on.
void rt0_call_once(void (*fn)(), void* once);
}

// The DWARF number of the register in which that frame keeps `once`: rbx.
inline constexpr int once_register = 3;

}  // namespace rt0
