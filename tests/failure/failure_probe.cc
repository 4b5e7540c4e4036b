// failure_probe HOW: ways for a program to fail. golden/HOW.txt has what is said of it. Most are the programs
// of Go's crash tests (runtime/crash_test.go, testdata/testprog), which lend them their names.
#include <rt/chan.h>
#include <rt/debug.h>
#include <rt/go.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/failure/ways.h"

namespace {
using namespace std::chrono_literals;

int* volatile nowhere = nullptr;
void (*volatile no_function)() = nullptr;
std::atomic<bool> spin{true};

FRAME park(rt::chan<int> c) { c.recv(); }
FRAME lock_twice() {
  std::mutex mu;
  mu.lock();
  mu.lock();
}
FRAME crash() { *nowhere = 1; }
FRAME throw_error() { throw std::runtime_error("it broke"); }
FRAME deeper(int n) {
  if (n == 0) throw_error();
  deeper(n - 1);
}
struct custom {
  int code;
};
FRAME call_back(void (*f)()) { f(); }

int compare_and_crash(const void*, const void*) {
  crash();
  return 0;
}

FRAME endless(volatile char* above) {
  volatile char here[512];
  here[0] = *above;
  endless(here);
}

// --- Go's

void simple_deadlock() { park(rt::chan<int>(0)); }
void locked_deadlock() {
  rt::lock_os_thread();
  park(rt::chan<int>(0));
}
void goexit_deadlock() {
  std::atomic<bool> waits{false};
  rt::go([&waits] {
    waits = true;
    park(rt::chan<int>(0));
  });
  while (!waits) rt::yield();
  rt::goexit();
}
void goexit_exit() {
  rt::go([] { std::this_thread::sleep_for(10ms); });
  rt::goexit();
}
void stack_overflow() {
  volatile char top = 1;
  endless(&top);
}
void main_goroutine_id() { throw std::logic_error("test"); }
void panic_traceback() {
  call_back([] { deeper(2); });
}
struct throws_when_destroyed {
  ~throws_when_destroyed() noexcept(false) { throw std::logic_error("second"); }
};
void double_panic() {
  throws_when_destroyed last;
  throw std::runtime_error("first");
}
struct bad_message : std::exception {
  const char* what() const noexcept override {
    crash();
    return "";
  }
};
void panic_while_panicking() { throw bad_message(); }
void panic_race() {
  std::atomic<int> ready{0};
  const auto both = [&ready] {
    for (ready++; ready < 2;) rt::yield();
    throw_error();
  };
  std::thread a(both), b(both);
  a.join(), b.join();
}
void crash_race() {
  std::atomic<int> ready{0};
  const auto both = [&ready] {
    for (ready++; ready < 2;) {
    }
    crash();
  };
  std::thread a(both), b(both);
  a.join(), b.join();
}
// A return address that is none.
[[gnu::noinline, gnu::no_stack_protector]] void bad_traceback() {
  auto** frame = static_cast<void**>(__builtin_frame_address(0));
  frame[1] = reinterpret_cast<void*>(0xbad);
  crash();
}
void crash_dumps_all_threads() {
  std::atomic<int> loops{0};
  for (int i = 0; i < 3; i++) {
    std::thread([&loops] {
      for (loops++; spin;) {
      }
    }).detach();
  }
  while (loops != 3) rt::yield();
  kill(getpid(), SIGQUIT);
  std::this_thread::sleep_for(100ms);
}

// --- ours

}  // namespace

void joined_cycle() {
  std::mutex a, b;
  std::atomic<bool> has_b{false}, has_a{false};
  std::thread t([&] {
    std::lock_guard hold(b);
    has_b = true;
    while (!has_a) rt::yield();
    std::lock_guard other(a);
  });
  std::lock_guard hold(a);
  has_a = true;
  while (!has_b) rt::yield();
  std::lock_guard other(b);
}

namespace {

// As the CPU does it, whatever a compiler would make of it.
FRAME divide_by_zero() {
  int high = 0, low = 100, none = 0;
  asm volatile("idivl %2" : "+a"(low), "+d"(high) : "r"(none));
}
void own_terminate() {
  std::set_terminate([] {
    puts("my own");
    _exit(3);
  });
  throw_error();
}
void own_abort_handler() {
  signal(SIGABRT, [](int) { _exit(4); });
  throw_error();
}
void own_quit_handler() {
  static std::atomic<bool> came{false};
  signal(SIGQUIT, [](int) { came = true; });
  kill(getpid(), SIGQUIT);
  while (!came) rt::yield();
}
void quit_goes_on() {
  kill(getpid(), SIGQUIT);
  puts("went on");
}
void quit_twice() {
  kill(getpid(), SIGQUIT);
  kill(getpid(), SIGQUIT);
  std::this_thread::sleep_for(10s);
}
void quit_by_default() {
  signal(SIGQUIT, SIG_DFL);
  kill(getpid(), SIGQUIT);
  std::this_thread::sleep_for(10s);
}
// What system() does with SIGQUIT while the command runs is over.
void quit_after_system() {
  (void)!system("true");
  kill(getpid(), SIGQUIT);
}
void quit_blocked() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGQUIT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  kill(getpid(), SIGQUIT);
  puts("still here");
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  puts("went on");
}
void take_all_memory() {
  const rlimit small{256 << 20, 256 << 20};
  setrlimit(RLIMIT_AS, &small);
  void* volatile last = nullptr;
  do last = malloc(1 << 20);
  while (last != nullptr);
  do last = malloc(64);
  while (last != nullptr);
  for (const std::size_t bytes : {1 << 18, 1 << 12}) {
    do last = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    while (last != MAP_FAILED);
  }
}
FRAME no_memory() {
  take_all_memory();
  crash();
}
void in_sort() {
  std::vector<int> v{3, 1, 2};
  std::sort(v.begin(), v.end(), [](int a, int b) {
    crash();
    return a < b;
  });
}
void in_qsort() {
  int v[] = {3, 1, 2};
  qsort(v, 3, sizeof v[0], compare_and_crash);
}
void in_printf() { printf("%s\n", reinterpret_cast<const char*>(1L)); }
void in_handler() {
  struct sigaction on {};
  on.sa_handler = [](int) { crash(); };
  sigaction(SIGUSR1, &on, nullptr);
  raise(SIGUSR1);
}
void hundred_threads() {
  rt::chan<int> never(0);
  for (int i = 0; i < 150; i++) rt::go([never] { park(never); });
  park(never);
}
FRAME chain(int n, rt::chan<int> c) {
  if (n == 0) park(c);
  rt::go([n, c] { chain(n - 1, c); });
}
void ancestors() {
  rt::chan<int> never(0);
  chain(4, never);
  park(never);
}
void hundred_without_memory() {
  rt::chan<int> never(0);
  for (int i = 0; i < 150; i++) rt::go([never] { park(never); });
  for (int i = 0; i < 3; i++) rt::yield();  // they wait
  take_all_memory();
  crash();
}
// A page that its file, which is stdin, does not have yet.
void bus_error() {
  rt::chan<int> never(0);
  for (int i = 0; i < 80; i++) rt::go([never] { park(never); });
  auto* page = static_cast<volatile char*>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, 0, 0));
  (void)*page;
}
void text_of_stack() {
  const std::string one = rt::debug::stack();
  fputs(one.c_str(), stderr);
}

const ways_to_fail ways = {
    {"simple-deadlock", simple_deadlock},
    {"locked-deadlock", locked_deadlock},
    {"goexit-deadlock", goexit_deadlock},
    {"goexit-exit", goexit_exit},
    {"stack-overflow", stack_overflow},
    {"main-goroutine-id", main_goroutine_id},
    {"panic-traceback", panic_traceback},
    {"double-panic", double_panic},
    {"panic-while-panicking", panic_while_panicking},
    {"panic-race", panic_race},
    {"crash-race", crash_race},
    {"bad-traceback", bad_traceback},
    {"crash-dumps-all-threads", crash_dumps_all_threads},
    {"lock-twice", lock_twice},
    {"joined-cycle", joined_cycle},
    {"throw-other", [] { throw custom{7}; }},
    {"throw-in-go",
     [] {
       rt::go([] { deeper(1); });
       std::this_thread::sleep_for(10s);
     }},
    {"rethrow", [] { std::rethrow_exception(std::make_exception_ptr(std::runtime_error("again"))); }},
    {"noexcept", []() noexcept { throw_error(); }},
    {"terminate", [] { std::terminate(); }},
    {"abort", [] { abort(); }},
    {"null", crash},
    {"bus-error", bus_error},
    {"null-function", [] { no_function(); }},
    {"divide", divide_by_zero},
    {"illegal", [] { asm volatile("ud2"); }},
    {"breakpoint", [] { asm volatile("int3"); }},
    {"own-terminate", own_terminate},
    {"own-abort-handler", own_abort_handler},
    {"own-quit-handler", own_quit_handler},
    {"quit-goes-on", quit_goes_on},
    {"quit-twice", quit_twice},
    {"quit-by-default", quit_by_default},
    {"quit-after-system", quit_after_system},
    {"quit-blocked", quit_blocked},
    {"no-memory", no_memory},
    {"in-sort", in_sort},
    {"in-qsort", in_qsort},
    {"in-printf", in_printf},
    {"in-handler", in_handler},
    {"hundred-threads", hundred_threads},
    {"hundred-without-memory", hundred_without_memory},
    {"ancestors", ancestors},
    {"text-of-stack", text_of_stack},
};

// Go's InitDeadlock.
struct before_main {
  before_main() {
    const char* how = getenv("BEFORE_MAIN");
    if (how != nullptr) simple_deadlock();
  }
} const first;

}  // namespace

int main(int argc, char** argv) {
  for (const ways_to_fail* some : {&ways, &gos_crashes, &ways_that_go_on}) {
    const auto way = some->find(argc > 1 ? argv[1] : "");
    if (way == some->end()) continue;
    way->second();
    return 0;
  }
  return 64;
}
