// Only compiled: an ordinary program's view of the public headers, with what a template needs instantiated.
#include <rt/chan.h>
#include <rt/debug.h>
#include <rt/file.h>
#include <rt/go.h>
#include <rt/net.h>
#include <rt/process.h>
#include <rt/select.h>
#include <rt/signal.h>
#include <rt/sync.h>
#include <rt/time.h>

#include <memory>
#include <vector>

void use_go() {
  rt::go([](int) {}, 1);
  rt::go({.stack_bytes = 1 << 20, .name = "named"}, [] {});
  rt::yield();
}

unsigned long use_numbers() {
  return rt::goid() + rt::num_goroutine() + static_cast<unsigned long>(rt::gomaxprocs() + rt::num_cpu());
}

std::size_t use_chan() {
  const rt::chan<std::unique_ptr<int>> c(1);
  c.send(nullptr);
  for (auto&& v : c) v.reset();
  std::vector<rt::select_case> cases;
  cases.push_back(rt::recv(c));
  cases.push_back(rt::stopped({}));
  return rt::select(rt::send(c, nullptr), rt::timeout(std::chrono::seconds(1)), rt::otherwise([] {})) +
         rt::select(cases);
}

bool use_time() {
  using namespace std::chrono_literals;
  rt::timer later(1s, [] {});
  rt::ticker every(1ms);
  const rt::debug::label_scope label("key", "value");
  rt::sleep_until(std::chrono::system_clock::now() + 1s);
  every.reset(std::chrono::duration<double>(0.5));
  return later.stop() && rt::sleep_for(1ns, rt::stop_after(std::chrono::hours::max()).get_token()) &&
         every.c == rt::after(1s) && rt::debug::labels().empty();
}

bool use_notify() { return rt::notify({SIGINT, SIGTERM}).recv() == SIGINT; }

std::size_t use_file() {
  char c;
  return rt::file::open("/dev/null", O_RDONLY).read(&c, 1);
}

bool use_process() { return rt::process({"true"}, {.in = -1}).wait().exited; }
