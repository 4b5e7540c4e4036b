// Children of a test, and how they end.
#pragma once
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

// The exit status of the child, or -signal.
inline int status_of(pid_t pid) {
  int status = -1;
  if (waitpid(pid, &status, 0) != pid) return -1000;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// Runs f in a child and returns the child's status; f's value is the status.
template <class F>
int in_child(F&& f) {
  const pid_t pid = fork();
  if (pid < 0) return -2000;
  if (pid == 0) _exit(f());
  return status_of(pid);
}

inline bool no_children() { return waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }
