// posix_spawn_file_actions_t, in glibc's structure: __actions is an array of spawn_action.
#pragma once
#include <spawn.h>

#include "sys/spawned.h"

namespace rt0::libc {

inline sys::spawn_action* actions_of(const posix_spawn_file_actions_t* list) noexcept {
  return reinterpret_cast<sys::spawn_action*>(list->__actions);
}

}  // namespace rt0::libc
