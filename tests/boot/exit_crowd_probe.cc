// exit_crowd_probe HOW: ends while other threads run, wait, or hold a stream. exit_crowd_test.sh lists the
// ways with what each must leave behind.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;

// Runs f(ready) on a thread of its own; returns when it has called ready().
template <class F>
void beside(F&& f) {
  std::promise<void> begun;
  std::thread([&begun, f] { f([&begun] { begun.set_value(); }); }).detach();
  begun.get_future().wait();
}

// Threads that never end: one computes, one allocates, one prints to nowhere, one waits.
void make_a_crowd() {
  beside([](auto ready) {
    ready();
    for (volatile int i = 0;;) i = i + 1;
  });
  beside([](auto ready) {
    ready();
    for (;;) delete new std::string(1000, 'x');
  });
  beside([](auto ready) {
    FILE* nowhere = fopen("/dev/null", "w");
    ready();
    for (;;) fprintf(nowhere, "a line\n"), fflush(nowhere);
  });
  beside([](auto ready) {
    ready();
    std::this_thread::sleep_for(3600s);
  });
}

int held_by_a_sleeper() {
  beside([](auto ready) {
    flockfile(stdout);
    ready();
    std::this_thread::sleep_for(3600s);
  });
  return 3;
}

// The reader holds stdin's lock, and nothing ever comes.
int held_by_a_reader() {
  int ends[2];
  if (pipe(ends) != 0 || dup2(ends[0], 0) != 0) return 99;
  std::thread([] { getchar(); }).detach();
  while (ftrylockfile(stdin) == 0) funlockfile(stdin), std::this_thread::yield();
  return 4;
}

int held_by_a_printer() {
  beside([](auto ready) {
    ready();
    for (;;) printf("line\n");
  });
  return 0;
}

std::atomic<int> handlers{0};

int two_exits() {
  atexit([] {
    std::this_thread::sleep_for(1ms);
    if (++handlers != 1) _exit(98);
  });
  std::atomic<int> there{0};
  const auto leave = [&there] {
    there++;
    while (there != 2) std::this_thread::yield();
    exit(5);
  };
  std::thread(leave).detach();
  leave();
  return 97;
}

int exit_in_handler() {
  atexit([] { puts("first registered"); });
  atexit([] { exit(7); });
  atexit([] { puts("last registered"); });
  return 1;
}

int abort_with(void (*action)(int), bool blocked) {
  signal(SIGABRT, action);
  if (blocked) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGABRT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }
  make_a_crowd();
  abort();
}

void say_handler(int) { (void)!write(1, "handler\n", 8); }

const std::map<std::string, std::function<int()>> ways = {
    {"held-by-a-sleeper", held_by_a_sleeper},
    {"held-by-a-reader", held_by_a_reader},
    {"held-by-a-printer", held_by_a_printer},
    {"two-exits", two_exits},
    {"exit-in-handler", exit_in_handler},
    {"return", [] { return make_a_crowd(), 8; }},
    {"exit", [] { return make_a_crowd(), exit(9), 0; }},
    {"_exit", [] { return make_a_crowd(), _exit(10), 0; }},
    {"quick_exit", [] { return make_a_crowd(), quick_exit(11), 0; }},
    {"exit-in-thread",
     [] {
       make_a_crowd();
       std::thread([] { exit(12); }).detach();
       for (volatile int i = 0;;) i = i + 1;
       return 0;
     }},
    {"abort", [] { return abort_with(SIG_DFL, false); }},
    {"abort-handler", [] { return abort_with(say_handler, false); }},
    {"abort-blocked", [] { return abort_with(SIG_DFL, true); }},
    {"abort-handler-blocked", [] { return abort_with(say_handler, true); }},
    {"abort-ignored", [] { return abort_with(SIG_IGN, false); }},
};

}  // namespace

int main(int argc, char** argv) {
  const auto way = argc == 2 ? ways.find(argv[1]) : ways.end();
  if (way == ways.end()) return fprintf(stderr, "usage: exit_crowd_probe HOW\n"), 100;
  printf("buffered\n");
  return way->second();
}
