// Memory mappings, as the runtime uses them: anonymous, private, never executable.
#pragma once
#include <cstddef>

#include "rt0/arch.h"
#include "sys/ret.h"

namespace rt0::sys {

inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) & ~(to - 1); }
inline constexpr std::size_t round_down(std::size_t n, std::size_t to) { return n & ~(to - 1); }

enum class map_kind { heap, stack };  // stack: MAP_STACK, so that kernels since 6.7 use no huge pages
enum class access { none, read, read_write };
enum class advice { dont_need, no_huge_page, guard_install };

// Reserves bytes of zeroed memory without committing it (MAP_NORESERVE).
ret<void*> map(std::size_t bytes, map_kind kind) noexcept;
ret<int> unmap(void* at, std::size_t bytes) noexcept;
ret<int> protect(void* at, std::size_t bytes, access) noexcept;
ret<int> advise(void* at, std::size_t bytes, advice) noexcept;
// Grows or moves a mapping; its contents stay.
ret<void*> remap(void* at, std::size_t old_bytes, std::size_t new_bytes, bool may_move) noexcept;

}  // namespace rt0::sys
