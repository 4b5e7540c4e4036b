// Source: POSIX's order of steps and glibc's (spawni.c): dispositions, scheduling, session, group, ids, file
// actions, mask, exec.
#include "sys/spawned.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "rt0/arch.h"

namespace rt0::sys {
namespace {

constexpr int status_of_failure = 127;  // POSIX's, for who sees it

long word(const void* p) { return reinterpret_cast<long>(p); }

// The parent's handlers are not the new program's, and must not run here. Ignored signals stay ignored.
long reset_signals(const spawn_plan& plan) {
  struct {
    std::uintptr_t handler;
    unsigned long flags;
    std::uintptr_t restorer;
    sigset mask;
  } action;
  const sigset defaults = (plan.flags & POSIX_SPAWN_SETSIGDEF) != 0 ? plan.defaults : 0;
  for (int signal = 1; signal <= signal_count; signal++) {
    if ((defaults & sig_bit(signal)) == 0) {
      if (raw_syscall(SYS_rt_sigaction, signal, 0, word(&action), sizeof(sigset)) != 0) continue;
      if (action.handler == reinterpret_cast<std::uintptr_t>(SIG_DFL) ||
          action.handler == reinterpret_cast<std::uintptr_t>(SIG_IGN)) {
        continue;
      }
    }
    action = {};
    (void)raw_syscall(SYS_rt_sigaction, signal, word(&action), 0, sizeof(sigset));  // of SIGKILL: EINVAL
  }
  return 0;
}

long set_scheduling(const spawn_plan& plan) {
  if ((plan.flags & POSIX_SPAWN_SETSCHEDULER) != 0) {
    return raw_syscall(SYS_sched_setscheduler, 0, plan.policy, word(&plan.priority));
  }
  if ((plan.flags & POSIX_SPAWN_SETSCHEDPARAM) != 0) {
    return raw_syscall(SYS_sched_setparam, 0, word(&plan.priority));
  }
  return 0;
}

long set_session(const spawn_plan& plan) {
  if ((plan.flags & POSIX_SPAWN_SETSID) == 0) return 0;
  const long result = raw_syscall(SYS_setsid);
  return result < 0 ? result : 0;
}

long set_group(const spawn_plan& plan) {
  return (plan.flags & POSIX_SPAWN_SETPGROUP) != 0 ? raw_syscall(SYS_setpgid, 0, plan.group) : 0;
}

long reset_ids(const spawn_plan& plan) {
  if ((plan.flags & POSIX_SPAWN_RESETIDS) == 0) return 0;
  const long result = raw_syscall(SYS_setresgid, -1, raw_syscall(SYS_getgid), -1);
  return result != 0 ? result : raw_syscall(SYS_setresuid, -1, raw_syscall(SYS_getuid), -1);
}

long do_open(const spawn_action& a) {
  // POSIX: as if close(fd) came first.
  (void)raw_syscall(SYS_close, a.fd);
  const long fd = raw_syscall(SYS_openat, AT_FDCWD, word(a.path), a.open_flags, a.mode);
  if (fd < 0 || fd == a.fd) return fd < 0 ? fd : 0;
  const long copied = raw_syscall(SYS_dup3, fd, a.fd, a.open_flags & O_CLOEXEC);
  (void)raw_syscall(SYS_close, fd);
  return copied < 0 ? copied : 0;
}

// To itself: it shall survive exec.
long do_dup2(const spawn_action& a) {
  if (a.fd != a.to) {
    const long copied = raw_syscall(SYS_dup2, a.fd, a.to);
    return copied < 0 ? copied : 0;
  }
  const long flags = raw_syscall(SYS_fcntl, a.fd, F_GETFD);
  return flags < 0 ? flags : raw_syscall(SYS_fcntl, a.fd, F_SETFD, flags & ~long{FD_CLOEXEC});
}

long do_close_from(const spawn_action& a) {
  const long result = raw_syscall(SYS_close_range, a.fd, UINT_MAX, 0);
  if (result != -ENOSYS) return result;  // Linux 5.9
  rlimit limit{};
  if (const long failed = raw_syscall(SYS_getrlimit, RLIMIT_NOFILE, word(&limit)); failed != 0) return failed;
  for (rlim_t fd = static_cast<rlim_t>(a.fd); fd < limit.rlim_cur; fd++) {
    (void)raw_syscall(SYS_close, static_cast<long>(fd));
  }
  return 0;
}

long do_action(const spawn_action& a) {
  switch (a.step) {
    case spawn_step::open: return do_open(a);
    case spawn_step::dup2: return do_dup2(a);
    case spawn_step::close: (void)raw_syscall(SYS_close, a.fd); return 0;  // it may be closed
    case spawn_step::chdir: return raw_syscall(SYS_chdir, word(a.path));
    case spawn_step::fchdir: return raw_syscall(SYS_fchdir, a.fd);
    case spawn_step::close_from: return do_close_from(a);
    case spawn_step::set_terminal_group: {
      const pid_t group = static_cast<pid_t>(raw_syscall(SYS_getpgid, 0));
      return raw_syscall(SYS_ioctl, a.fd, TIOCSPGRP, word(&group));
    }
  }
  return -EINVAL;
}

long do_actions(const spawn_plan& plan) {
  for (int i = 0; i < plan.action_count; i++) {
    if (const long failed = do_action(plan.actions[i]); failed != 0) return failed;
  }
  return 0;
}

// Takes the next directory off path and writes DIRECTORY/FILE to name; false: it does not fit. An empty
// directory is the current one.
bool next_name(const char*& path, const char* file, char (&name)[PATH_MAX + NAME_MAX]) {
  std::size_t n = 0;
  bool fits = true;
  for (; *path != 0 && *path != ':'; path++) {
    if (n == PATH_MAX - 1) fits = false;
    if (fits) name[n++] = *path;
  }
  path = *path == ':' ? path + 1 : nullptr;
  if (n != 0) name[n++] = '/';
  for (; *file != 0; file++) {
    if (n == sizeof name - 1) return false;
    name[n++] = *file;
  }
  name[n] = 0;
  return fits;
}

long exec_file(const spawn_plan& plan, const char* file) {
  return raw_syscall(SYS_execve, word(file), word(plan.argv), word(plan.envp));
}

// As execvp: a directory that has no such file, or none that may be run, is passed over.
long exec_found(const spawn_plan& plan) {
  char name[PATH_MAX + NAME_MAX];
  bool refused = false;
  for (const char* path = plan.search_path; path != nullptr;) {
    if (!next_name(path, plan.file, name)) continue;
    const long failed = exec_file(plan, name);
    switch (failed) {
      case -EACCES: refused = true; break;
      case -ENOENT:
      case -ENOTDIR:
      case -ENODEV:
      case -ESTALE:
      case -ETIMEDOUT: break;
      default: return failed;
    }
  }
  return refused ? -EACCES : -ENOENT;
}

long prepare(const spawn_plan& plan) {
  constexpr long (*steps[])(const spawn_plan&) = {reset_signals, set_scheduling, set_session,
                                                  set_group,     reset_ids,      do_actions};
  for (const auto step : steps) {
    if (const long failed = step(plan); failed != 0) return failed;
  }
  return raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, word(&plan.mask), 0, sizeof(sigset));
}

}  // namespace

void run_spawned(void* arg) {
  spawn_plan& plan = *static_cast<spawn_plan*>(arg);
  long failed = prepare(plan);
  if (failed == 0) failed = plan.search_path != nullptr ? exec_found(plan) : exec_file(plan, plan.file);
  __atomic_store_n(&plan.error, static_cast<int>(-failed), __ATOMIC_RELAXED);
  for (;;) raw_syscall(SYS_exit_group, status_of_failure);
}

}  // namespace rt0::sys
