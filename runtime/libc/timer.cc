// timer_create and its family. The kernel's timers, which signal the process: a timer for one thread is the
// kernel's for all of it, and directed here (SIGEV_THREAD_ID names the calling thread: a kernel thread's id
// says nothing about a goroutine a moment later). SIGEV_THREAD: a thread of ours waits for the timer's
// signal, which is one that programs cannot have, and calls the function.
//
// timer_t is the kernel's number, or, larger than any such, the address of a thread_timer.
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include <atomic>
#include <cstdint>

#include "runtime/base/export.h"
#include "runtime/libc/blocking.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/mem/heap.h"
#include "runtime/sched/park.h"
#include "runtime/sched/signal_mask.h"
#include "runtime/signal/directed.h"
#include "runtime/signal/mask.h"
#include "runtime/signal/receiver.h"
#include "runtime/signal/send.h"
#include "runtime/signal/wait.h"

namespace rt0::libc {
namespace {

constexpr int tick_signal = 32;  // below the C library's SIGRTMIN: nobody else's
constexpr sys::sigset tick = sys::sig_bit(tick_signal);

struct thread_timer {
  int id;
  std::atomic<bool> deleted;
  void (*fn)(sigval);
  sigval value;
};

thread_timer* as_thread_timer(timer_t t) noexcept {
  return reinterpret_cast<std::uintptr_t>(t) > INT_MAX ? static_cast<thread_timer*>(t) : nullptr;
}

long id_of(timer_t t) noexcept {
  const thread_timer* own = as_thread_timer(t);
  return own != nullptr ? own->id : static_cast<long>(reinterpret_cast<std::uintptr_t>(t));
}

int answer(long result) noexcept {
  if (result >= 0) return static_cast<int>(result);
  errno = static_cast<int>(-result);
  return -1;
}

int call(long nr, timer_t t, long b = 0, const void* c = nullptr, void* d = nullptr) noexcept {
  return answer(blocking_call(nr, {id_of(t), b, reinterpret_cast<long>(c), reinterpret_cast<long>(d), 0, 0}));
}

// The thread of one timer. None of the program's signals is for it.
void* run_timer(void* arg) {
  auto* t = static_cast<thread_timer*>(arg);
  set_mask(sched.sigmask.load(std::memory_order_relaxed) | tick);
  siginfo_t info;
  for (;;) {
    (void)wait_for_signal(tick, &info, forever);
    if (t->deleted.load(std::memory_order_acquire)) break;  // pairs with: timer_delete
    t->fn(t->value);
  }
  direct_timer(t->id, nullptr);
  heap_free(t);
  return nullptr;
}

// Returns 0 or an errno. The thread begins with the signal blocked: unblocked it would end the process.
int start_thread(thread_timer* t, const pthread_attr_t* given) noexcept {
  pthread_attr_t attr;
  if (given != nullptr) {
    attr = *given;
  } else {
    pthread_attr_init(&attr);
  }
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  if (!direct_timer(t->id, getg())) return EAGAIN;
  const sys::sigset before = getg()->signals.mask.load(std::memory_order_relaxed);
  set_mask(before | tick);
  pthread_t thread;
  const int error = pthread_create(&thread, &attr, run_timer, t);
  direct_timer(t->id, error == 0 ? thread_of(thread) : nullptr);
  set_mask(before);
  return error;
}

int make_kernel_timer(clockid_t clock, const sigevent* event, int* id) noexcept {
  return answer(blocking_call(SYS_timer_create,
                              {clock, reinterpret_cast<long>(event), reinterpret_cast<long>(id), 0, 0, 0}));
}

int make_thread_timer(clockid_t clock, const sigevent& wanted, timer_t* result) noexcept {
  auto* t = static_cast<thread_timer*>(heap_alloc_zeroed(sizeof(thread_timer)));
  if (t == nullptr) return answer(-EAGAIN);
  t->fn = wanted.sigev_notify_function;
  t->value = wanted.sigev_value;
  take_over(tick);
  ensure_receiver();
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = tick_signal;
  if (make_kernel_timer(clock, &event, &t->id) != 0) {
    heap_free(t);
    return -1;
  }
  *result = t;
  if (const int error = start_thread(t, wanted.sigev_notify_attributes); error != 0) {
    call(SYS_timer_delete, t);
    heap_free(t);
    return answer(-error);
  }
  return 0;
}

}  // namespace
}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT int timer_create(clockid_t clock, sigevent* event, timer_t* result) noexcept {
  if (event != nullptr && event->sigev_notify == SIGEV_THREAD) {
    return make_thread_timer(clock, *event, result);
  }
  int id = 0;
  sigevent to_process{};
  const bool directed = event != nullptr && event->sigev_notify == SIGEV_THREAD_ID;
  if (directed) {
    to_process = *event;
    to_process.sigev_notify = SIGEV_SIGNAL;
    rt0::take_over(rt0::sys::sig_bit(event->sigev_signo));
    rt0::ensure_receiver();
    event = &to_process;
  }
  if (make_kernel_timer(clock, event, &id) != 0) return -1;
  *result = reinterpret_cast<timer_t>(static_cast<std::uintptr_t>(id));
  if (directed && !rt0::direct_timer(id, rt0::getg())) {
    call(SYS_timer_delete, *result);
    return answer(-EAGAIN);
  }
  return 0;
}

RT0_EXPORT int timer_delete(timer_t t) noexcept {
  const int failed = call(SYS_timer_delete, t);
  if (failed != 0) return failed;
  thread_timer* own = as_thread_timer(t);
  if (own == nullptr) {
    (void)rt0::direct_timer(static_cast<int>(id_of(t)), nullptr);
    return 0;
  }
  siginfo_t info = rt0::own_info(tick_signal, SI_TIMER);
  info.si_timerid = own->id;
  rt0::g* thread = rt0::directed_to(info);
  own->deleted.store(true, std::memory_order_release);  // pairs with: run_timer. The thread may free it now
  if (thread != nullptr) (void)rt0::send_signal(thread, info);
  return 0;
}

RT0_EXPORT int timer_settime(timer_t t, int flags, const itimerspec* value, itimerspec* old) noexcept {
  return call(SYS_timer_settime, t, flags, value, old);
}

RT0_EXPORT int timer_gettime(timer_t t, itimerspec* value) noexcept {
  return call(SYS_timer_gettime, t, reinterpret_cast<long>(value));
}

RT0_EXPORT int timer_getoverrun(timer_t t) noexcept { return call(SYS_timer_getoverrun, t); }
