// signal_probe HOW: waits in read() for a signal that somebody else sends, or ends itself by one.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string_view>
#include <thread>

namespace {

volatile sig_atomic_t handled = 0;
void count(int) { handled = handled + 1; }

void handle(int signal, int flags) {
  struct sigaction own {};
  own.sa_handler = count;
  own.sa_flags = flags;
  sigaction(signal, &own, nullptr);
}

sigset_t only(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return set;
}

// What read says of standard input, and how many handlers ran.
int read_and_tell() {
  puts("ready");
  fflush(stdout);
  char byte = '-';
  const ssize_t n = read(STDIN_FILENO, &byte, 1);
  if (n == 1) printf("read %c, handled %d\n", byte, static_cast<int>(handled));
  if (n < 0) printf("%s, handled %d\n", errno == EINTR ? "EINTR" : "error", static_cast<int>(handled));
  if (n == 0) puts("end");
  return 0;
}

[[noreturn]] void spin() {
  for (volatile unsigned n = 0;;) n = n + 1;
}

void end_by(std::string_view how) {
  if (how == "raise") raise(SIGTERM);
  if (how == "kill") kill(getpid(), SIGTERM);
  if (how == "pipe") {
    int ends[2];
    if (pipe(ends) != 0) return;
    close(ends[0]);
    (void)!write(ends[1], "x", 1);
  }
  if (how == "abort") abort();
  if (how == "abort-handled") {
    handle(SIGABRT, 0);
    abort();
  }
  if (how == "unblock") {
    sigset_t set = only(SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    kill(getpid(), SIGTERM);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  }
  if (how == "thread") {
    std::thread t([] { pthread_kill(pthread_self(), SIGTERM); });
    t.join();
  }
  if (how == "segv") *reinterpret_cast<volatile int*>(16) = 1;
  if (how == "segv-in-handler") {
    signal(SIGSEGV, [](int) { *reinterpret_cast<volatile int*>(32) = 1; });
    *reinterpret_cast<volatile int*>(16) = 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view how = argc > 1 ? argv[1] : "";
  if (how == "default") return read_and_tell();
  if (how == "handler" || how == "restart") {
    handle(SIGINT, how == "restart" ? SA_RESTART : 0);
    return read_and_tell();
  }
  if (how == "handler-crowd") {
    handle(SIGINT, 0);
    for (int i = 0; i < 3; i++) std::thread(spin).detach();
    return read_and_tell();
  }
  if (how == "ignored") {
    signal(SIGINT, SIG_IGN);
    return read_and_tell();
  }
  if (how == "once-handled") {  // default again: what was taken over still ends the process
    handle(SIGINT, 0);
    signal(SIGINT, SIG_DFL);
    return read_and_tell();
  }
  if (how == "exec") {  // the new program has the caller's mask, and no handler
    handle(SIGUSR1, 0);
    const sigset_t set = only(SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    execl("/bin/cat", "cat", "/proc/self/status", nullptr);
  }
  end_by(how);
  printf("went on, handled %d\n", static_cast<int>(handled));
}
