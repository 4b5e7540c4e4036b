// exit_probe HOW: ends in one of many ways. exit_test.sh lists them with what each must leave behind.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;

struct on_destroy {
  ~on_destroy() { puts("static destroyed"); }
};
on_destroy of_process;

void thrower() { throw std::runtime_error("nobody catches this"); }

using way_map = std::map<std::string, std::function<int()>>;

const way_map calm_ways = {
    {"return", [] { return 7; }},
    {"exit",
     [] {
       exit(8);
       return 0;
     }},
    {"exit-in-thread",
     [] {
       std::thread([] { exit(9); }).join();
       return 0;
     }},
    {"exit-in-thread-main-sleeps",
     [] {
       std::thread([] { exit(9); }).detach();
       std::this_thread::sleep_for(60s);
       return 0;
     }},
    {"_exit",
     [] {
       _exit(10);
       return 0;
     }},
    {"quick_exit",
     [] {
       at_quick_exit([] {
         puts("at_quick_exit 1");
         fflush(stdout);
       });
       at_quick_exit([] { puts("at_quick_exit 2"); });
       atexit([] { puts("atexit"); });
       quick_exit(11);
       return 0;
     }},
};

// exit from a destructor goes on with the rest; what a destructor registers still runs.
bool destructor_exits = false;
[[gnu::destructor]] void at_the_end() {
  if (!destructor_exits) return;
  atexit([] { puts("registered at the end"), fflush(stdout); });
  exit(15);
}

const way_map violent_ways = {
    {"exit-in-destructor",
     [] {
       destructor_exits = true;
       return 0;
     }},
    {"abort",
     [] {
       abort();
       return 0;
     }},
    {"throw",
     [] {
       thrower();
       return 0;
     }},
    {"throw-in-thread",
     [] {
       std::thread(thrower).join();
       return 0;
     }},
    {"throw-int",
     [] {
       throw 5;
       return 0;
     }},
    {"throw-in-noexcept",
     [] {
       []() noexcept { thrower(); }();
       return 0;
     }},
    {"terminate",
     [] {
       std::terminate();
       return 0;
     }},
    {"terminate-handler",
     [] {
       std::set_terminate([] {
         puts("handler");
         fflush(stdout);
         _exit(12);
       });
       thrower();
       return 0;
     }},
    {"joinable-destroyed",
     [] {
       std::thread t([] {});
       return 0;
     }},
    {"main-returns-first",
     [] {
       std::thread([] {
         std::this_thread::sleep_for(60s);
         puts("never");
       }).detach();
       return 13;
     }},
    {"pthread_exit-in-main",
     [] {
       std::thread([] {
         std::this_thread::sleep_for(20ms);
         puts("thread ended");
       }).detach();
       pthread_exit(nullptr);
       return 14;
     }},
    {"swallowed-cancellation",
     [] {
       std::thread t([] {
         try {
           std::this_thread::sleep_for(60s);
         } catch (...) {  // and does not throw again
         }
       });
       pthread_cancel(t.native_handle());
       t.join();
       return 0;
     }},
    {"kill",
     [] {
       raise(SIGKILL);
       return 0;
     }},
    {"segv",
     [] {
       volatile int* volatile p = nullptr;
       *p = 1;
       return 0;
     }},
    {"cout",
     [] {
       std::cout << "not flushed by hand";
       return 0;
     }},
};

}  // namespace

int main(int argc, char** argv) {
  for (const way_map* ways : {&calm_ways, &violent_ways}) {
    const auto way = argc == 2 ? ways->find(argv[1]) : ways->end();
    if (way == ways->end()) continue;
    printf("buffered ");  // no newline: a C library may write out its first line at once
    return way->second();
  }
  return fprintf(stderr, "usage: exit_probe HOW\n"), 100;
}
