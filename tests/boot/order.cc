// The order of a program's life, one line an event; order_test.sh compares with order.expected, which glibc
// agrees with.
//
// Start: preinit_array, then init_array by priority, constructors of namespace scope, main. End: main's
// thread_locals, then atexit functions and static destructors as one last-in-first-out list, then fini_array,
// then stdio's buffers.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace {

int first_argc;
char** first_argv;
char** first_envp;

void event(const char* what) { printf("%s\n", what); }

// The arrays' functions get what main gets.
void preinit(int argc, char** argv, char** envp) {
  event("preinit_array");
  first_argc = argc;
  first_argv = argv;
  first_envp = envp;
}
void from_init_array(int argc, char** argv, char** envp) {
  const bool same = argc == first_argc && argv == first_argv && envp == first_envp && envp == environ;
  event(same ? "init_array" : "init_array: other arguments");
}
void from_fini_array() { event("fini_array"); }

[[gnu::used, gnu::section(".preinit_array")]] void (*const in_preinit)(int, char**, char**) = preinit;
[[gnu::used, gnu::section(".init_array.00150")]] void (*const in_init)(int, char**, char**) = from_init_array;
[[gnu::used, gnu::section(".fini_array")]] void (*const in_fini)() = from_fini_array;

[[gnu::constructor(101)]] void constructor_101() { event("constructor 101"); }
[[gnu::constructor(201)]] void constructor_201() { event("constructor 201"); }
[[gnu::destructor(101)]] void destructor_101() { event("destructor 101"); }
[[gnu::destructor(201)]] void destructor_201() { event("destructor 201"); }

struct traced {
  std::string name;
  explicit traced(const char* n) : name(n) { event(("construct " + name).c_str()); }
  ~traced() { event(("destroy " + name).c_str()); }
};
traced at_namespace_scope("namespace-scope static");
thread_local traced of_thread("thread_local");

void at_exit_1() { event("atexit 1"); }
void at_exit_2() {
  event("atexit 2");
  atexit([] { event("atexit registered during exit"); });
}

}  // namespace

int main() {
  event("main");
  atexit(at_exit_1);
  static traced local("function-local static");
  atexit(at_exit_2);
  event(("use " + of_thread.name).c_str());
  std::thread([] { event(("use " + of_thread.name + " in a thread").c_str()); }).join();
  event("leave main");
  setvbuf(stdout, nullptr, _IOFBF, 4096);  // from here on only exit's flush brings it out
  return 0;
}
