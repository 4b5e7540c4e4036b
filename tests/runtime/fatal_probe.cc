// fatal_probe HOW: misuse of the core, one way a run; fatal_test.sh knows what each must say.
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include "rt0/arch.h"
#include "runtime/lock/mutex.h"
#include "runtime/sched/locked_m.h"
#include "runtime/sched/park.h"
#include "runtime/sched/proc.h"

namespace {

void on_g0(void (*fn)(void*)) { rt0::rt0_systemstack(fn, nullptr); }

[[gnu::noinline]] void smash(int bytes) {
  volatile char small[16];
  volatile char* at = small;
  for (int i = 0; i < bytes; i++) at[i] = 1;
}

void wait_bound() {
  rt0::lock_os_thread();
  std::mutex mu;
  std::unique_lock hold(mu);
  std::condition_variable().wait(hold);
}

bool run(const char* how) {
  const auto is = [how](const char* name) { return strcmp(how, name) == 0; };
  if (is("mcall-on-g0")) {
    on_g0([](void*) { rt0::rt0_mcall([](rt0::g*) { std::abort(); }); });
  } else if (is("mcall-returns")) {
    rt0::rt0_mcall([](rt0::g*) {});
  } else if (is("status")) {
    rt0::casgstatus(rt0::getg(), rt0::gstatus::waiting, rt0::gstatus::runnable);
  } else if (is("edge")) {
    rt0::casgstatus(rt0::getg(), rt0::gstatus::running, rt0::gstatus::idle);
  } else if (is("go-nil")) {
    (void)rt0::newproc({nullptr, nullptr, rt0::g_kind::go, rt0::min_stack_class, 0});
  } else if (is("park-locked")) {
    static rt0::mutex<rt0::lock_rank::timers> lock;
    lock.lock();
    rt0::yield();
  } else if (is("unlock-twice")) {
    std::mutex mu;
    mu.lock();
    mu.unlock();
    mu.unlock();
  } else if (is("double-free")) {
    void* volatile p = malloc(64);
    void* volatile q = p;
    free(p);
    free(q);
  } else if (is("free-inside")) {
    free(static_cast<char*>(malloc(64)) + 16);
  } else if (is("deadlock-bound")) {
    wait_bound();
  } else if (is("deadlock-all-bound")) {
    std::thread a(wait_bound), b(wait_bound);
    wait_bound();
  } else if (is("smash")) {
    smash(64);
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || !run(argv[1])) return fprintf(stderr, "usage: fatal_probe HOW\n"), 100;
  return 0;
}
