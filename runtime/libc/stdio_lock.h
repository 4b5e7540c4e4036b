// A FILE's lock, for those who end a process or copy it.
#pragma once
#include "runtime/libc/musl_abi.h"

namespace rt0::libc {

// In a fork's child: a FILE that somebody else held is free.
void file_fork_child(musl_file* f) noexcept;

}  // namespace rt0::libc
