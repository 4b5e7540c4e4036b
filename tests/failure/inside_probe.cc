// inside_probe HOW: faults in the runtime itself, which no program can cause: on a scheduling stack, in a
// handler of the kernel's, in a report.
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "rt0/arch.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/signal.h"
#include "sys/process.h"

namespace {

template <class T>
T* nowhere() {
  return reinterpret_cast<T*>(8);
}

void fault() { *nowhere<volatile int>() = 1; }

void on_g0() {
  rt0::rt0_systemstack([](void*) { fault(); }, nullptr);
}
void on_another_g0() {
  rt0::rt0_systemstack([](void*) { rt0::newm(fault, nullptr, false); }, nullptr);
  sleep(10);
}
int deeper(int n) {
  volatile char here[512];
  here[0] = static_cast<char>(n);
  return deeper(n + 1) + here[0];
}
void g0_overflow() {
  rt0::rt0_systemstack([](void*) { rt0::newm([] { (void)deeper(0); }, nullptr, false); }, nullptr);
  sleep(10);
}
// SIGURG's handler looks at the P.
void in_handler() {
  rt0::preempt_init();
  rt0::getm()->p = nowhere<rt0::p>();
  (void)rt0::sys::tgkill(rt0::sys::getpid(), rt0::sys::gettid(), SIGURG);
}
// The report looks at the goroutine.
void in_report() {
  rt0::getm()->curg = nowhere<rt0::g>();
  fault();
}
// And once more, where it says that it cannot go on.
void in_report_on_g0() {
  rt0::rt0_systemstack([](void*) { in_report(); }, nullptr);
}

}  // namespace

int main(int, char** argv) {
  const struct {
    const char* name;
    void (*run)();
  } ways[] = {{"g0", on_g0},           {"another-g0", on_another_g0}, {"g0-overflow", g0_overflow},
              {"handler", in_handler}, {"report", in_report},         {"report-on-g0", in_report_on_g0}};
  for (const auto& way : ways) {
    if (strcmp(argv[1], way.name) == 0) way.run();
  }
  return 64;
}
