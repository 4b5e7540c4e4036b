// overflow_probe HOW: runs out of stack, or faults in another way. overflow_test.sh says how each must end.
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <thread>

namespace {

// A frame of its own each time: the result is used after the call, and the buffer escapes.
[[gnu::noinline]] int deeper(int n, volatile char* from) {
  volatile char here[200];
  here[0] = static_cast<char>(n + from[0]);
  return deeper(n + 1, here) + here[0];
}
int overflow() {
  volatile char first = 0;
  return deeper(0, &first);
}
// One frame larger than the guard, which -fstack-clash-protection probes page by page.
[[gnu::noinline]] int large_frame(std::size_t n) {
  volatile char here[256 << 10];
  for (std::size_t i = 0; i < sizeof here; i += 4096) here[i] = static_cast<char>(n);
  return n == 0 ? here[1] : large_frame(n - 1) + here[0];
}

int two_threads() {
  std::atomic<int> ready{0};
  const auto both = [&] {
    for (ready++; ready < 2;) std::this_thread::yield();
    overflow();
  };
  std::thread a(both), b(both);
  a.join();
  b.join();
  return 0;
}

int bus_error() {
  FILE* file = std::tmpfile();
  auto* page = static_cast<volatile char*>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fileno(file), 0));
  return *page;  // behind the end of the file
}

const std::map<std::string, std::function<int()>> ways = {
    {"main", overflow},
    {"large-frame", [] { return large_frame(1 << 20); }},
    {"thread",
     [] {
       std::thread(overflow).join();
       return 0;
     }},
    {"two-threads", two_threads},
    {"null", [] { return *static_cast<volatile int*>(nullptr); }},
    {"null-in-thread",
     [] {
       int found = 0;
       std::thread([&] { found = *static_cast<volatile int*>(nullptr); }).join();
       return found;
     }},
    // Not canonical: the kernel knows no address.
    {"wild", [] { return *reinterpret_cast<volatile int*>(0x1234567812345678); }},
    {"bus", bus_error},
    {"kill", [] { return kill(getpid(), SIGSEGV) + 100; }},
    {"raise", [] { return raise(SIGBUS) + 100; }},
    {"user-handler",
     [] {
       struct sigaction action {};
       action.sa_handler = [](int) { _exit(42); };
       action.sa_flags = SA_ONSTACK;
       sigaction(SIGSEGV, &action, nullptr);
       return overflow();
     }},
};

}  // namespace

int main(int argc, char** argv) {
  const auto way = ways.find(argc == 2 ? argv[1] : "");
  return way == ways.end() ? 100 : way->second();
}
