#include "runtime/libc/members/spawn_actions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/export.h"

namespace {

using rt0::libc::actions_of;
using rt0::sys::spawn_action;
using rt0::sys::spawn_step;

// Appends; the list owns a copy of the path. Returns an error number.
int add(posix_spawn_file_actions_t* list, spawn_action action) {
  if (list->__used == list->__allocated) {
    const int room = list->__allocated + 8;
    void* grown = reallocarray(list->__actions, static_cast<std::size_t>(room), sizeof(spawn_action));
    if (grown == nullptr) return ENOMEM;
    list->__actions = static_cast<__spawn_action*>(grown);
    list->__allocated = room;
  }
  if (action.path != nullptr && (action.path = strdup(action.path)) == nullptr) return ENOMEM;
  actions_of(list)[list->__used++] = action;
  return 0;
}

// A number that a descriptor may have.
bool valid(int fd) { return fd >= 0 && fd < sysconf(_SC_OPEN_MAX); }

}  // namespace

RT0_EXPORT int posix_spawn_file_actions_init(posix_spawn_file_actions_t* list) {
  *list = {};
  return 0;
}

RT0_EXPORT int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t* list) {
  for (int i = 0; i < list->__used; i++) free(const_cast<char*>(actions_of(list)[i].path));
  free(list->__actions);
  return 0;
}

RT0_EXPORT int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t* list, int fd, const char* path,
                                                int flags, mode_t mode) {
  if (!valid(fd)) return EBADF;
  return add(list, {spawn_step::open, fd, 0, flags, mode, path});
}

RT0_EXPORT int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t* list, int fd, int to) {
  if (!valid(fd) || !valid(to)) return EBADF;
  return add(list, {spawn_step::dup2, fd, to, 0, 0, nullptr});
}

RT0_EXPORT int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t* list, int fd) {
  if (!valid(fd)) return EBADF;
  return add(list, {spawn_step::close, fd, 0, 0, 0, nullptr});
}

RT0_EXPORT int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t* list, const char* path) {
  return add(list, {spawn_step::chdir, 0, 0, 0, 0, path});
}

RT0_EXPORT int posix_spawn_file_actions_addfchdir_np(posix_spawn_file_actions_t* list, int fd) {
  if (!valid(fd)) return EBADF;
  return add(list, {spawn_step::fchdir, fd, 0, 0, 0, nullptr});
}

RT0_EXPORT int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t* list, int from) {
  if (from < 0) return EBADF;
  return add(list, {spawn_step::close_from, from, 0, 0, 0, nullptr});
}

RT0_EXPORT int posix_spawn_file_actions_addtcsetpgrp_np(posix_spawn_file_actions_t* list, int fd) {
  if (!valid(fd)) return EBADF;
  return add(list, {spawn_step::set_terminal_group, fd, 0, 0, 0, nullptr});
}
