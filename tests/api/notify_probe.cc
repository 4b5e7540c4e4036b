// notify_probe HOW: whether a process that only waits is deadlocked, for notify_end_test.sh.
#include <rt/signal.h>

#include <iostream>
#include <string_view>

int main(int argc, char** argv) {
  const std::string_view how = argc > 1 ? argv[1] : "";
  rt::chan<int> c = rt::notify({SIGUSR1});
  const rt::chan<int> other(0);
  if (how == "open") {
    std::cout << "ready" << std::endl;
    std::cout << "got " << (c.recv() == SIGUSR1) << std::endl;
    return 0;
  }
  if (how == "closed") c.close();
  if (how == "dropped") c = {};
  other.recv();
}
