#include "runtime/libc/exit.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>

#include "rt0/upcalls.h"
#include "runtime/base/export.h"
#include "runtime/libc/libc_start.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/lock/mutex.h"
#include "runtime/mem/heap.h"
#include "runtime/sched/park.h"
#include "runtime/sched/sched.h"
#include "runtime/signal/action.h"
#include "runtime/signal/mask.h"
#include "sys/image/image.h"
#include "sys/process.h"

namespace rt0::libc {
namespace {

struct exit_call {
  void (*fn)(void*);
  void* arg;
};

// Functions to call at exit, last registered first; ISO C asks for room for 32 without failure, more comes
// from the heap.
class exit_list {
 public:
  bool push(exit_call call) noexcept {
    lock_guard hold(lock_);
    if (top_->count == block_calls) {
      auto* fresh = static_cast<block*>(heap_alloc(sizeof(block)));
      if (fresh == nullptr) return false;
      fresh->below = top_;
      fresh->count = 0;
      top_ = fresh;
    }
    top_->calls[top_->count++] = call;
    return true;
  }

  // False: empty. A function may register more: they are next.
  bool pop(exit_call& call) noexcept {
    lock_guard hold(lock_);
    while (top_->count == 0) {
      if (top_->below == nullptr) return false;
      block* empty = top_;
      top_ = empty->below;
      heap_free(empty);
    }
    call = top_->calls[--top_->count];
    return true;
  }

  void run() {
    exit_call call;
    while (pop(call)) call.fn(call.arg);
  }

 private:
  static constexpr int block_calls = 32;
  struct block {
    block* below;
    int count;
    exit_call calls[block_calls];
  };

  mutex<lock_rank::exit> lock_;
  block first_ RT0_GUARDED_BY(lock_){};
  block* top_ RT0_GUARDED_BY(lock_) = &first_;
};

constinit exit_list at_exit, at_quick;
constinit std::atomic<g*> exiting{nullptr};

void call_plain(void* fn) { reinterpret_cast<void (*)()>(fn)(); }

// Only one goroutine ends the process; the same one may call exit again from a handler and goes on with the
// rest.
void become_the_exiting() noexcept {
  g* none = nullptr;
  if (exiting.compare_exchange_strong(none, getg(), std::memory_order_acq_rel) || none == getg()) return;
  (void)gopark(begin_wait(), wait_reason::exit, forever);
}

}  // namespace

void register_fini_array() noexcept {
  (void)at_exit.push({[](void*) { sys::image::run_fini_array(); }, nullptr});  // the first of 32 places
}

bool exit_begun() noexcept { return exiting.load(std::memory_order_acquire) != nullptr; }

void exit_fork_child() noexcept {
  if (exiting.load(std::memory_order_relaxed) != getg()) exiting.store(nullptr, std::memory_order_relaxed);
}

void run_exit(int status) {
  become_the_exiting();
  run_thread_local_dtors();
  at_exit.run();
  libc_flush();
  sys::exit_group(status);
}

}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT void exit(int status) { run_exit(status); }
RT0_EXPORT void _Exit(int status) { rt0::sys::exit_group(status); }
RT0_EXPORT void _exit(int status) { rt0::sys::exit_group(status); }

RT0_EXPORT void quick_exit(int status) {
  at_quick.run();
  rt0::sys::exit_group(status);
}

RT0_EXPORT int __cxa_atexit(void (*fn)(void*), void* arg, void*) { return at_exit.push({fn, arg}) ? 0 : -1; }
RT0_EXPORT int atexit(void (*fn)()) { return __cxa_atexit(call_plain, reinterpret_cast<void*>(fn), nullptr); }
// glibc's header declares it with C++ linkage under its C name.
[[gnu::visibility("default")]] int at_quick_exit(void (*fn)()) noexcept {
  return at_quick.push({call_plain, reinterpret_cast<void*>(fn)}) ? 0 : -1;
}

RT0_EXPORT pid_t gettid() { return rt0::sys::gettid(); }

// The user's SIGABRT handler first, blocked or not; if it returns, the default action, which is reported.
RT0_EXPORT void abort() {
  const rt0::sys::sigset abrt = rt0::sys::sig_bit(SIGABRT);
  if ((rt0::sched.handled.load(std::memory_order_relaxed) & abrt) != 0) {
    (void)rt0::change_mask(rt0::sys::mask_how::unblock, &abrt, nullptr);
    raise(SIGABRT);
  }
  rt0::rt0_report_signal(SIGABRT, nullptr, nullptr);
  rt0::take_default(SIGABRT);
  rt0::crash_here();
}
