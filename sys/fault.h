// RT0_DEBUG=iofault=N: one system call of the runtime's io in N fails as a kernel's may, drawn by RT0_SEED. A
// program sees nothing of it but more turns: the runtime has to make every call again, or in another way.
//
// Off, it is a load of a word that nothing writes and a branch that is never taken, in front of a system
// call.
#pragma once
#include <cstdint>

namespace rt0::sys {

enum class fault_kind {
  interruption,  // EINTR, and a poller's sleep that ends for nothing
  would_block,   // EAGAIN although there is something
  short_count,   // a transfer of some bytes only
  memory,        // ENOMEM: a descriptor cannot be watched, a submission is refused
};

extern constinit std::uint32_t fault_one_in;  // 0: off. Set before there are threads

void fault_begin(std::uint32_t one_in, std::uint64_t seed) noexcept;
bool fault_slow(fault_kind kind) noexcept;
// A number for the fault just drawn, below `limit`: how short.
std::uint32_t fault_number(std::uint32_t limit) noexcept;

// Whether this call shall fail so.
inline bool fault(fault_kind kind) noexcept { return fault_one_in != 0 && fault_slow(kind); }

}  // namespace rt0::sys
