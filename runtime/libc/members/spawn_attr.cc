// posix_spawnattr_*: glibc's structure, field by field.
#include <errno.h>
#include <spawn.h>

#include "runtime/base/export.h"

namespace {

constexpr int known_flags = POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                            POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSCHEDPARAM | POSIX_SPAWN_SETSCHEDULER |
                            POSIX_SPAWN_USEVFORK | POSIX_SPAWN_SETSID;

}  // namespace

RT0_EXPORT int posix_spawnattr_init(posix_spawnattr_t* attr) {
  *attr = {};
  return 0;
}
RT0_EXPORT int posix_spawnattr_destroy(posix_spawnattr_t*) { return 0; }

RT0_EXPORT int posix_spawnattr_setflags(posix_spawnattr_t* attr, short flags) {
  if ((flags & ~known_flags) != 0) return EINVAL;
  attr->__flags = flags;
  return 0;
}
RT0_EXPORT int posix_spawnattr_getflags(const posix_spawnattr_t* attr, short* flags) {
  *flags = attr->__flags;
  return 0;
}

RT0_EXPORT int posix_spawnattr_setpgroup(posix_spawnattr_t* attr, pid_t group) {
  attr->__pgrp = group;
  return 0;
}
RT0_EXPORT int posix_spawnattr_getpgroup(const posix_spawnattr_t* attr, pid_t* group) {
  *group = attr->__pgrp;
  return 0;
}

RT0_EXPORT int posix_spawnattr_setsigdefault(posix_spawnattr_t* attr, const sigset_t* signals) {
  attr->__sd = *signals;
  return 0;
}
RT0_EXPORT int posix_spawnattr_getsigdefault(const posix_spawnattr_t* attr, sigset_t* signals) {
  *signals = attr->__sd;
  return 0;
}

RT0_EXPORT int posix_spawnattr_setsigmask(posix_spawnattr_t* attr, const sigset_t* mask) {
  attr->__ss = *mask;
  return 0;
}
RT0_EXPORT int posix_spawnattr_getsigmask(const posix_spawnattr_t* attr, sigset_t* mask) {
  *mask = attr->__ss;
  return 0;
}

RT0_EXPORT int posix_spawnattr_setschedpolicy(posix_spawnattr_t* attr, int policy) {
  if (policy != SCHED_OTHER && policy != SCHED_FIFO && policy != SCHED_RR) return EINVAL;  // glibc's rule
  attr->__policy = policy;
  return 0;
}
RT0_EXPORT int posix_spawnattr_getschedpolicy(const posix_spawnattr_t* attr, int* policy) {
  *policy = attr->__policy;
  return 0;
}

RT0_EXPORT int posix_spawnattr_setschedparam(posix_spawnattr_t* attr, const sched_param* param) {
  attr->__sp = *param;
  return 0;
}
RT0_EXPORT int posix_spawnattr_getschedparam(const posix_spawnattr_t* attr, sched_param* param) {
  *param = attr->__sp;
  return 0;
}
