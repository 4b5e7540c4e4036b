// How the runtime ends a process that cannot go on. Go's throw and fatal; names and exit statuses as DESIGN
// section 9.
#pragma once

namespace rt0 {

inline constexpr int exit_fatal = 2;

// The runtime is corrupt: "fatal error: <why>", exit 2.
[[noreturn]] void throw_(const char* why) noexcept;
// The program misused the runtime (unlock of unlocked mutex): the same report.
[[noreturn]] void fatal(const char* why) noexcept;

// Invariant checks that stay in shipped code: the cost is one predicted branch.
inline void ensure(bool holds, const char* what) noexcept {
  if (!holds) [[unlikely]]
    throw_(what);
}

}  // namespace rt0
