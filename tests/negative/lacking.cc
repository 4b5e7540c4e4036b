// Asks for one function of threads that rt0 does not have: links_test.sh wants the linker to name it.
#include <sched.h>

int main() {
  return clone([](void*) { return 0; }, nullptr, CLONE_VM, nullptr);
}
