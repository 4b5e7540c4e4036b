// More programs of Go's crash tests: exceptions in places where they cannot go, ends of goroutines, signals.
#include <fcntl.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/time.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <thread>

#include "tests/failure/ways.h"

namespace {
using namespace std::chrono_literals;

// An exception's message, and a destructor, that run code.
template <void (*F)()>
struct message_of : std::exception {
  const char* what() const noexcept override {
    F();
    return "message";
  }
};
template <void (*F)()>
struct when_destroyed {
  ~when_destroyed() noexcept(false) { F(); }
};

FRAME throw_late() { throw std::runtime_error("late"); }
FRAME throw_and_catch() {
  try {
    throw_late();
  } catch (const std::exception&) {
  }
}
void call() { puts("called"); }
FRAME throw_message() { throw message_of<throw_late>(); }

void locked_deadlock_2() {
  rt::go([] {
    rt::lock_os_thread();
    rt::chan<int>(0).recv();
  });
  rt::lock_os_thread();
  std::this_thread::sleep_for(1ms);
  rt::chan<int>(0).recv();
}
void recursive_panic() {
  try {
    try {
      throw std::runtime_error("first");
    } catch (const std::exception&) {
      throw_and_catch();
      throw;
    }
  } catch (const std::exception&) {
    throw std::logic_error("again");
  }
}
void panic_in_thread_of_panic() {
  try {
    throw std::runtime_error("caught");
  } catch (const std::exception&) {
    std::thread(throw_late).join();
  }
}
void go_nil() { rt::go(static_cast<void (*)()>(nullptr)); }
void goexit_in_panic() {
  std::thread([] {
    when_destroyed<rt::goexit> last;
    throw_late();
  }).join();
}
void panic_after_goexit() {
  when_destroyed<throw_late> last;
  rt::goexit();
}
void recovered_panic_after_goexit() {
  when_destroyed<throw_and_catch> last;
  rt::goexit();
}
void no_helper_goroutines() {
  const auto later = rt::after(1h);
  timer_t unused;
  timer_create(CLOCK_MONOTONIC, nullptr, &unused);
  throw_late();
}
void panic_loop() { throw_message(); }
void message_yields() { throw message_of<rt::yield>(); }
void message_calls() { throw message_of<call>(); }
[[gnu::always_inline]] inline void inlined(volatile int* p) { *p = 1; }
int* volatile nobody = nullptr;
FRAME panic_inlined() { inlined(nobody); }
// What waits for a descriptor is not asleep for ever.
void netpoll_deadlock() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) abort();
  char c;
  const timeval limit{0, 200'000};
  setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  (void)!read(ends[0], &c, 1);
  setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::thread([&ends] {
    if (fork() == 0) {
      usleep(200'000);
      (void)!write(ends[1], "x", 1);
      _exit(0);
    }
  }).join();
  const timeval none{};
  setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
  if (read(ends[0], &c, 1) != 1) abort();
}
void signal_exit_status() {
  kill(getpid(), SIGTERM);
  pause();
}
void ignores_trap() {
  signal(SIGTRAP, SIG_IGN);
  kill(getpid(), SIGTRAP);
  std::this_thread::sleep_for(10ms);
}
void sent_segv() {
  kill(getpid(), SIGSEGV);
  pause();
}
// In the loop of the vDSO more often than not.
void signal_in_vdso() {
  static std::atomic<int> came{0};
  signal(SIGALRM, [](int) { came++; });
  const itimerval often{{0, 100}, {0, 100}};
  setitimer(ITIMER_REAL, &often, nullptr);
  while (came < 1000) {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
  }
}
// Programs are started while signals come.
void signal_during_exec() {
  static std::atomic<bool> done{false};
  signal(SIGWINCH, [](int) {});
  std::thread storm([] {
    while (!done) {
      kill(getpid(), SIGWINCH);
      std::this_thread::sleep_for(100us);
    }
  });
  for (int i = 0; i < 20; i++) {
    const char* const argv[] = {"true", nullptr};
    pid_t child;
    int status;
    if (posix_spawn(&child, "/bin/true", nullptr, nullptr, const_cast<char**>(argv), environ) != 0) abort();
    if (waitpid(child, &status, 0) != child || status != 0) abort();
  }
  done = true;
  storm.join();
}
// A handler of crashes that crashes.
void crash_in_crash_handler() {
  signal(SIGSEGV, [](int) { panic_inlined(); });
  panic_inlined();
}

}  // namespace

const ways_to_fail gos_crashes = {
    {"locked-deadlock-2", locked_deadlock_2},
    {"recursive-panic", recursive_panic},
    {"panic-in-thread-of-panic", panic_in_thread_of_panic},
    {"go-nil", go_nil},
    {"goexit-in-panic", goexit_in_panic},
    {"panic-after-goexit", panic_after_goexit},
    {"recovered-panic-after-goexit", recovered_panic_after_goexit},
    {"no-helper-goroutines", no_helper_goroutines},
    {"panic-loop", panic_loop},
    {"message-yields", message_yields},
    {"message-calls", message_calls},
    {"panic-inlined", panic_inlined},
    {"netpoll-deadlock", netpoll_deadlock},
    {"signal-exit-status", signal_exit_status},
    {"ignores-trap", ignores_trap},
    {"sent-segv", sent_segv},
    {"signal-in-vdso", signal_in_vdso},
    {"signal-during-exec", signal_during_exec},
    {"crash-in-crash-handler", crash_in_crash_handler},
};
