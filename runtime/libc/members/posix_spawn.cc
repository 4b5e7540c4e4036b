// posix_spawn, posix_spawnp: a child on the parent's memory (sys/spawned.h), so that its cost does not depend
// on the parent's size. pthread_atfork's functions are not called.
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/core_abi.h"
#include "runtime/libc/members/spawn_actions.h"

namespace {

constexpr char default_path[] = "/bin:/usr/bin";  // confstr(_CS_PATH)

rt0::sys::sigset kernels(const sigset_t& set) { return *reinterpret_cast<const rt0::sys::sigset*>(&set); }

rt0::sys::spawn_plan plan_of(const posix_spawn_file_actions_t* actions, const posix_spawnattr_t* attr) {
  rt0::sys::spawn_plan plan{};
  if (actions != nullptr) {
    plan.actions = rt0::libc::actions_of(actions);
    plan.action_count = actions->__used;
  }
  if (attr != nullptr) {
    plan.flags = static_cast<unsigned short>(attr->__flags);
    plan.group = attr->__pgrp;
    plan.defaults = kernels(attr->__sd);
    plan.policy = attr->__policy;
    plan.priority = attr->__sp.sched_priority;
  }
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  plan.mask = kernels((plan.flags & POSIX_SPAWN_SETSIGMASK) != 0 ? attr->__ss : mask);
  return plan;
}

int spawn(pid_t* pid, rt0::sys::spawn_plan plan) {
  const long child = rt0_spawn(rt0::sys::run_spawned, &plan);
  if (child < 0) return static_cast<int>(-child);
  if (const int error = __atomic_load_n(&plan.error, __ATOMIC_RELAXED); error != 0) {
    while (waitpid(static_cast<pid_t>(child), nullptr, 0) < 0 && errno == EINTR) continue;
    return error;
  }
  if (pid != nullptr) *pid = static_cast<pid_t>(child);
  return 0;
}

}  // namespace

RT0_EXPORT int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                           const posix_spawnattr_t* attr, char* const argv[], char* const envp[]) {
  rt0::sys::spawn_plan plan = plan_of(actions, attr);
  plan.file = path;
  plan.argv = argv;
  plan.envp = envp;
  return spawn(pid, plan);
}

RT0_EXPORT int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                            const posix_spawnattr_t* attr, char* const argv[], char* const envp[]) {
  rt0::sys::spawn_plan plan = plan_of(actions, attr);
  plan.file = file;
  plan.argv = argv;
  plan.envp = envp;
  if (*file == 0) return ENOENT;
  if (strchr(file, '/') == nullptr) {
    const char* path = getenv("PATH");
    plan.search_path = path != nullptr ? path : default_path;
  }
  return spawn(pid, plan);
}
