// What a process does between vfork and exec, for posix_spawn.
//
// It runs on the parent's memory while the parent's thread waits: bare system calls only, nothing of the C
// library, not even errno, and nothing written but its own stack and spawn_plan::error.
#pragma once
#include <sys/types.h>

#include <cstdint>

#include "sys/signal.h"

namespace rt0::sys {

enum class spawn_step : std::uint8_t { open, dup2, close, chdir, fchdir, close_from, set_terminal_group };

// One of posix_spawn_file_actions_t.
struct spawn_action {
  spawn_step step;
  int fd;            // open: the number that the file shall have; close_from: the lowest
  int to;            // dup2
  int open_flags;    // open
  mode_t mode;       // open
  const char* path;  // open, chdir
};

struct spawn_plan {
  const char* file;
  const char* search_path;  // where a file without a slash is looked for: PATH's form; nullptr: it is a path
  char* const* argv;
  char* const* envp;
  const spawn_action* actions;
  int action_count;

  unsigned flags;  // POSIX_SPAWN_*
  pid_t group;
  sigset defaults;  // with POSIX_SPAWN_SETSIGDEF
  sigset mask;      // the new program's
  int policy, priority;

  int error;  // why it ended without exec; 0: it did not
};

// By the child, all signals blocked. Never returns.
void run_spawned(void* plan);

}  // namespace rt0::sys
