// Timers that start a goroutine: rt::timer's and rt::stop_after's core. Source: Go 1.23 time.go, AfterFunc.
//
// One timer of the scheduler's (runtime/timer) in memory of the header's. When it is due, an M on its g0
// makes the goroutine: newproc needs no goroutine to run on, and no memory but the stack's. A system
// goroutine that is woken to start the others was rejected: a second switch for each, and a list between.
//
//                       reset                     due: fire, on g0
//   not pending  ---------------------> pending ------------------> not pending, and run() will be called
//        ^                                 |  ^
//        +--------------- stop ------------+  +-- reset: true, as stop is
//
// timers::remove decides between stop and fire: one of them unlinks the timer, under its heap's lock. Stop
// and reset take the timer's own lock around the remove and the add of a reset, so that no other stop finds
// it between the two. fire takes no lock, and reads only what does not change after init: a reset that lost
// to it may make the timer pending again before fire is done, which is another matter then. The memory lives
// because who is pending is an owner (rt/time.h), and passes that on to the goroutine. tests/models/timer.pml
//
// Fork: a child has no pending timers, since its heaps are empty. What one was pending in is known by the
// process that it was set in.
#include <errno.h>

#include <new>

#include "rt/abi/time.h"
#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/base/fatal.h"
#include "runtime/libc/pthread/thread.h"
#include "runtime/sched/labels.h"
#include "runtime/sched/poller.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/syscall.h"
#include "runtime/sync/lock_word.h"

namespace rt0 {
namespace {

struct func_timer {
  void (*run)(rt0_timer*);
  // Since init.
  std::uintptr_t made_at;
  sys::sigset mask;
  label_set* labels;

  lock_word lock;         // of stop and reset
  std::uint64_t process;  // sched.last_goid_of_parent where it was set
  timer due;
};
static_assert(sizeof(func_timer) <= sizeof(rt0_timer) &&
              offsetof(func_timer, run) == offsetof(rt0_timer, run));

func_timer& timer_of(rt0_timer* t) noexcept { return *reinterpret_cast<func_timer*>(t); }

void timer_main(void* arg) {
  auto* t = static_cast<rt0_timer*>(arg);
  t->run(t);
  libc::thread_end(nullptr);
}

// On g0 of an M with a P.
void fire(timer* due, std::uint64_t) {
  auto* t = reinterpret_cast<func_timer*>(reinterpret_cast<char*>(due) - offsetof(func_timer, due));
  const auto [gp, error] = newproc1({timer_main, t, g_kind::go, go_stack_class(), t->made_at});
  if (gp == nullptr) fatal("rt::timer: out of memory for its goroutine");
  gp->thread.join.store(libc::detached, std::memory_order_relaxed);
  gp->signals.mask.store(t->mask, std::memory_order_relaxed);
  gp->labels = share_labels(t->labels);
  count_goroutine(1);
  start_goroutine(gp, false);  // in the order in which they are due
}

// True: it was pending, and is not now. With t.lock.
bool take_back(func_timer& t) noexcept {
  if (t.process != sched.last_goid_of_parent && t.due.heap.load(std::memory_order_relaxed) != nullptr) {
    t.due.heap.store(nullptr, std::memory_order_relaxed);
    return true;
  }
  return timers::remove(t.due);
}

}  // namespace
}  // namespace rt0

using namespace rt0;

RT0_EXPORT void rt0_timer_init(rt0_timer* handle) noexcept {
  auto* t = new (handle) func_timer{handle->run,
                                    reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)),
                                    getg()->signals.mask.load(std::memory_order_relaxed),
                                    share_labels(getg()->labels),
                                    {},
                                    0,
                                    {}};
  t->due.fire = fire;
}

RT0_EXPORT void rt0_timer_destroy(rt0_timer* handle) noexcept { release_labels(timer_of(handle).labels); }

RT0_EXPORT bool rt0_timer_reset(rt0_timer* handle, std::int64_t due_ns) noexcept {
  const with_p have_p;
  func_timer& t = timer_of(handle);
  (void)t.lock.lock(forever, wait_reason::mutex);
  const bool was_pending = take_back(t);
  t.process = sched.last_goid_of_parent;
  t.due.when_ns = due_ns;
  m_locks_inc();
  if (getm()->p->timers.add(t.due)) wake_poller(due_ns);
  m_locks_dec();
  t.lock.unlock();
  return was_pending;
}

RT0_EXPORT bool rt0_timer_stop(rt0_timer* handle) noexcept {
  func_timer& t = timer_of(handle);
  (void)t.lock.lock(forever, wait_reason::mutex);
  const bool was_pending = take_back(t);
  t.lock.unlock();
  return was_pending;
}
