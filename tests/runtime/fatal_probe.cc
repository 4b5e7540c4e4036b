// fatal_probe HOW: misuse of the core, one way a run; fatal_test.sh knows what each must say.
#include <pthread.h>

#include <atomic>
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

// What RT0_DEBUG=check=1 finds, and nothing else does.

struct two_locks {
  rt0::mutex<rt0::lock_rank::timers> a, b;
  rt0::mutex<rt0::lock_rank::sched> lower;
};
two_locks locks;

// A goroutine that waits in vain: nobody but who claims its wait may make it runnable.
rt0::g* a_waiting_goroutine() {
  static std::atomic<rt0::g*> found{nullptr};
  std::thread([] {
    found = rt0::getg();
    std::mutex mu;
    std::unique_lock hold(mu);
    std::condition_variable().wait(hold);
  }).detach();
  while (found == nullptr || rt0::readgstatus(found) != rt0::gstatus::waiting) rt0::yield();
  return found;
}

thread_local volatile char last_variable[8];

[[gnu::noipa]] void clear(volatile char* from, const volatile char* to) {
  while (from < to) *from++ = 0;
}

// Its thread_local variables end where its G begins.
void overrun_a_thread_local() { clear(last_variable, reinterpret_cast<const char*>(rt0::getg()) + 8); }

void write_over_the_end_of_g() { rt0::getg()->end_mark = 0; }

void use_up_a_stack() {
  constexpr std::size_t bytes = 64 << 10;
  alignas(16) static char stack[bytes];
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setstack(&attr, stack, bytes);
  pthread_t thread;
  const auto body = [](void*) -> void* {
    std::memset(stack, 1, 64);
    return nullptr;
  };
  pthread_create(&thread, &attr, body, nullptr);
  pthread_join(thread, nullptr);
}

bool run_checked(const char* how) {
  const auto is = [how](const char* name) { return strcmp(how, name) == 0; };
  if (is("lock-order")) {
    locks.a.lock();
    locks.lower.lock();
    locks.lower.unlock();
    locks.a.unlock();
  } else if (is("lock-order-of-one-rank")) {
    locks.b.lock();
    locks.a.lock();
    locks.a.unlock();
    locks.b.unlock();
  } else if (is("lock-of-another")) {
    locks.a.lock();
    rt0::getm()->held.count = 0;
    locks.a.unlock();
  } else if (is("unclaimed")) {
    rt0::casgstatus(a_waiting_goroutine(), rt0::gstatus::waiting, rt0::gstatus::runnable);
  } else if (is("without-p")) {
    rt0::m* const mp = rt0::getm();
    rt0::m_locks_inc();
    rt0::p* const pp = mp->p;
    mp->p = nullptr;
    rt0::casgstatus(rt0::getg(), rt0::gstatus::running, rt0::gstatus::runnable);
    rt0::casgstatus(rt0::getg(), rt0::gstatus::runnable, rt0::gstatus::running);
    mp->p = pp;
    rt0::m_locks_dec();
  } else if (is("overrun")) {
    overrun_a_thread_local();
    rt0::yield();
    rt0::goexit();
  } else if (is("overrun-then-fault")) {
    overrun_a_thread_local();
    (void)rt0::gopark(rt0::begin_wait(), rt0::wait_reason::futex, rt0::forever);
  } else if (is("end-of-g")) {
    std::thread(write_over_the_end_of_g).join();
  } else if (is("end-of-stack")) {
    use_up_a_stack();
  } else {
    return false;
  }
  return true;
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
    return run_checked(how);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || !run(argv[1])) return fprintf(stderr, "usage: fatal_probe HOW\n"), 100;
  return 0;
}
