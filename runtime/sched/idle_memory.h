// Memory that lies idle goes back to the system: the stacks of dead goroutines (gfree.h), the heap's free
// pages (mem/idle.h). sysmon's work.
#pragma once
#include <cstdint>

namespace rt0 {

// When there is something to do; no_timer: nothing.
std::int64_t idle_memory_due_ns() noexcept;
// Does what is due, a bounded part of it. sysmon only; no lock held.
void return_idle_memory(std::int64_t now_ns) noexcept;

}  // namespace rt0
