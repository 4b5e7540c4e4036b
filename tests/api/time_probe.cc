// time_probe HOW: how a process ends by <rt/time.h> and <rt/debug.h>, for time_end_test.sh.
#include <rt/chan.h>
#include <rt/debug.h>
#include <rt/go.h>
#include <rt/select.h>
#include <rt/time.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <vector>

using namespace std::chrono_literals;

namespace {

// No address space is left, so that no stack can be made.
void fill_memory() {
  const rlimit none{1, 1};
  setrlimit(RLIMIT_AS, &none);
  const rt::chan<int> silent(0);
  try {
    for (;;) rt::go([=] { silent.recv(); });
  } catch (const std::exception&) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "";
  const rt::chan<int> silent(0);
  if (std::strcmp(how, "deadlock") == 0) {
    rt::ticker stopped(1ms);
    stopped.stop();
    const rt::debug::label_scope request("request", "17"), user("user", "ann"), again("request", "18");
    rt::go({.name = "listener"}, [&] { stopped.c.recv(); });
    rt::go([&] { rt::select(rt::recv(stopped.c), rt::recv(silent)); });
    silent.recv();
  } else if (std::strcmp(how, "pending-timer") == 0) {
    rt::timer t(30ms, [&] { silent.send(1); });
    silent.recv();
    std::puts("the timer woke main");
    return 0;
  } else if (std::strcmp(how, "last-stopped") == 0) {
    rt::timer t(100ms, [] {});
    rt::go([&] { t.stop(); });
    silent.recv();
  } else if (std::strcmp(how, "throw") == 0) {
    rt::timer t(1ms, [] { throw std::runtime_error("from a timer"); });
    silent.recv();
  } else if (std::strcmp(how, "no-memory") == 0) {
    rt::timer t(100ms, [] {});
    fill_memory();
    silent.recv();
  } else if (std::strcmp(how, "scopes") == 0) {
    std::optional<rt::debug::label_scope> outer, inner;
    outer.emplace("a", "1");
    inner.emplace("b", "2");
    outer.reset();
  } else {
    return std::fprintf(stderr,
                        "usage: time_probe deadlock|pending-timer|last-stopped|throw|no-memory|scopes\n"),
           100;
  }
  std::puts("not seen");
}
