// Only compiled: an ordinary program's view of the public headers, with what a template needs instantiated.
#include <rt/go.h>

void use_go() {
  rt::go([](int) {}, 1);
  rt::go({.stack_bytes = 1 << 20, .name = "named"}, [] {});
  rt::yield();
}

unsigned long use_numbers() {
  return rt::goid() + rt::num_goroutine() + static_cast<unsigned long>(rt::gomaxprocs() + rt::num_cpu());
}
