// system: while commands run SIGINT and SIGQUIT are the children's alone, and the caller's SIGCHLD waits.
//
// What is ignored is the process's, and several threads may be in here at once: the first one in ignores, the
// last one out restores (glibc's sa_refcntr; musl restores what the other one set).
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/export.h"

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
int commands = 0;  // with the mutex, as the next
struct sigaction interrupt_before, quit_before;

// Adds the signals that the command shall find with their default action.
void ignore_for_command(sigset_t& defaults) {
  pthread_mutex_lock(&mutex);
  if (commands++ == 0) {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGINT, &ignore, &interrupt_before);
    sigaction(SIGQUIT, &ignore, &quit_before);
  }
  if (interrupt_before.sa_handler != SIG_IGN) sigaddset(&defaults, SIGINT);
  if (quit_before.sa_handler != SIG_IGN) sigaddset(&defaults, SIGQUIT);
  pthread_mutex_unlock(&mutex);
}

void restore() {
  pthread_mutex_lock(&mutex);
  if (--commands == 0) {
    sigaction(SIGINT, &interrupt_before, nullptr);
    sigaction(SIGQUIT, &quit_before, nullptr);
  }
  pthread_mutex_unlock(&mutex);
}

// SIGCHLD of the caller, while one lives.
class child_blocked {
 public:
  child_blocked() {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &child, &before_);
  }
  ~child_blocked() {
    // Unblocked rather than restored: where masks are the process's, another thread may be in here.
    if (sigismember(&before_, SIGCHLD) == 1) return;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    pthread_sigmask(SIG_UNBLOCK, &child, nullptr);
  }
  child_blocked(const child_blocked&) = delete;
  const sigset_t& before() const { return before_; }

 private:
  sigset_t before_;
};

// Returns the command's status, or -1.
int run(const char* command, const sigset_t& defaults, const sigset_t& mask) {
  posix_spawnattr_t attr;
  posix_spawnattr_init(&attr);
  posix_spawnattr_setsigdefault(&attr, &defaults);
  posix_spawnattr_setsigmask(&attr, &mask);
  posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  const char* const argv[] = {"sh", "-c", command, nullptr};
  pid_t pid;
  const int error = posix_spawn(&pid, "/bin/sh", nullptr, &attr, const_cast<char**>(argv), environ);
  if (error != 0) {
    errno = error;
    return 127 << 8;  // POSIX: as if the shell had ended with 127
  }
  int status = -1;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

}  // namespace

RT0_EXPORT int system(const char* command) {
  if (command == nullptr) return system("exit 0") == 0;
  const child_blocked blocked;
  sigset_t defaults;
  sigemptyset(&defaults);
  ignore_for_command(defaults);
  const int status = run(command, defaults, blocked.before());
  restore();
  return status;
}
