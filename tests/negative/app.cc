// What links_test.sh compiles in every way: threads, exceptions, iostream, a thread_local, libm, a filled
// buffer for fortify.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

thread_local int mine = 1;

int main(int argc, char** argv) {
  int sum = 0;
  std::vector<std::thread> ts;
  for (int i = 0; i < 3; ++i)
    ts.emplace_back([&sum, i] {
      mine += i;
      std::this_thread::yield();
      sum += mine;
    });
  for (std::thread& t : ts) t.join();
  char text[32];
  std::snprintf(text, sizeof text, "%s", argc > 1 ? argv[1] : "caught");
  try {
    throw std::runtime_error(text);
  } catch (const std::exception& e) {
    std::cout << "app " << e.what() << ' ' << sum << ' ' << std::pow(2.0, argc + 2) << std::endl;
  }
  return 0;
}
