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

void restore() {
  sigaction(SIGINT, &interrupt_before, nullptr);
  sigaction(SIGQUIT, &quit_before, nullptr);
}

// A fork meanwhile: nobody is half-way in here, and the child waits for no command.
void hold_for_fork() { pthread_mutex_lock(&mutex); }
void release_in_parent() { pthread_mutex_unlock(&mutex); }
void release_in_child() {
  if (commands != 0) restore();
  commands = 0;
  pthread_mutex_unlock(&mutex);
}
int registered = 0;
// Before main: no fork is under way that knows nothing of them yet.
[[gnu::constructor]] void register_for_fork() {
  registered = pthread_atfork(hold_for_fork, release_in_parent, release_in_child);
}

sigset_t only_sigchld() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  return set;
}

// What the caller's process changes while a command runs.
class command {
 public:
  void begin() {
    const sigset_t child = only_sigchld();
    pthread_sigmask(SIG_BLOCK, &child, &mask_);
    sigemptyset(&defaults_);
    pthread_mutex_lock(&mutex);
    if (commands++ == 0) {
      struct sigaction ignore {};
      ignore.sa_handler = SIG_IGN;
      sigaction(SIGINT, &ignore, &interrupt_before);
      sigaction(SIGQUIT, &ignore, &quit_before);
    }
    if (interrupt_before.sa_handler != SIG_IGN) sigaddset(&defaults_, SIGINT);
    if (quit_before.sa_handler != SIG_IGN) sigaddset(&defaults_, SIGQUIT);
    pthread_mutex_unlock(&mutex);
  }
  void end() {
    pthread_mutex_lock(&mutex);
    if (--commands == 0) restore();
    pthread_mutex_unlock(&mutex);
    // Unblocked rather than restored: where masks are the process's, another thread may be in here.
    if (sigismember(&mask_, SIGCHLD) == 1) return;
    const sigset_t child = only_sigchld();
    pthread_sigmask(SIG_UNBLOCK, &child, nullptr);
  }

  // Its status, or -1. A cancellation point.
  int run(const char* text) {
    posix_spawnattr_t attr;
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigdefault(&attr, &defaults_);
    posix_spawnattr_setsigmask(&attr, &mask_);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    const char* const argv[] = {"sh", "-c", text, nullptr};
    const int error = posix_spawn(&pid_, "/bin/sh", nullptr, &attr, const_cast<char**>(argv), environ);
    if (error != 0) {
      errno = error;
      return 127 << 8;  // POSIX: as if the shell had ended with 127
    }
    return wait();
  }
  // The caller was cancelled meanwhile: no command is left behind (as in glibc).
  void abandon() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    (void)wait();
  }

 private:
  int wait() const {
    int status = -1;
    while (waitpid(pid_, &status, 0) < 0) {
      if (errno != EINTR) return -1;
    }
    return status;
  }

  sigset_t mask_;      // the caller's
  sigset_t defaults_;  // signals that the command shall find with their default action
  pid_t pid_ = 0;
};

void cancelled(void* arg) {
  auto* one = static_cast<command*>(arg);
  one->abandon();
  one->end();
}

}  // namespace

RT0_EXPORT int system(const char* text) {
  if (text == nullptr) return system("exit 0") == 0;
  if (registered != 0) {
    errno = registered;
    return -1;
  }
  command one;
  one.begin();
  int status = -1;
  pthread_cleanup_push(cancelled, &one);  // and no destructor: members have no tables of them
  status = one.run(text);
  pthread_cleanup_pop(0);
  one.end();
  return status;
}
