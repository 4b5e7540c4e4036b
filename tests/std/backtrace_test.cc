// glibc's <execinfo.h>: the stack's return addresses, on a thread as on main.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <execinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>

namespace {

int depth(int more, void** frames, int room);
int (*volatile deeper)(int, void**, int) = depth;  // so that each call is one
int calls = 0;

int depth(int more, void** frames, int room) {
  const int count = more == 0 ? backtrace(frames, room) : deeper(more - 1, frames, room);
  calls++;  // no tail call
  return count;
}

}  // namespace

TEST_CASE("each call is a frame") {
  void *frames[64], *others[64];
  const int few = depth(0, frames, 64), more = depth(10, others, 64);
  CHECK(few >= 3);
  CHECK(more == few + 10);
  CHECK(depth(10, frames, 4) == 4);
  CHECK(std::equal(frames + 1, frames + 4, others + 1));
  CHECK(backtrace(frames, 0) == 0);
}

TEST_CASE("on a thread it ends where the thread begins") {
  int few = 0, more = 0;
  std::thread([&] {
    void* frames[64];
    few = depth(0, frames, 64);
    more = depth(5, frames, 64);
  }).join();
  CHECK(few >= 2);
  CHECK(few < 20);
  CHECK(more == few + 5);
}

TEST_CASE("symbols name the program and the address, in one block and to a descriptor") {
  void* frames[64];
  const int count = depth(3, frames, 64);
  char** lines = backtrace_symbols(frames, count);
  REQUIRE(lines != nullptr);
  std::string all;
  for (int i = 0; i < count; i++) {
    const std::string line = lines[i];
    char address[32];
    snprintf(address, sizeof address, "[%#lx]", reinterpret_cast<unsigned long>(frames[i]));
    if (i == 0) CHECK(line.find("backtrace_test") != std::string::npos);  // glibc: then its own file's
    CHECK(line.find(address) != std::string::npos);
    all += std::string(line).erase(line.find(" ["), 1) + "\n";  // glibc's other form has no blank
  }
  free(lines);
  int fds[2];
  REQUIRE(pipe(fds) == 0);
  backtrace_symbols_fd(frames, count, fds[1]);
  std::string text(16384, '\0');
  text.resize(static_cast<std::size_t>(read(fds[0], text.data(), text.size())));
  CHECK(text == all);
  close(fds[0]);
  close(fds[1]);
}
