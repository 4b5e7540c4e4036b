#include "runtime/libc/pthread/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/export.h"
#include "runtime/libc/clock.h"
#include "runtime/libc/exit.h"
#include "runtime/libc/pthread/cancel.h"
#include "runtime/sched/gfree.h"
#include "runtime/sched/labels.h"
#include "runtime/sched/park.h"
#include "runtime/sched/placement.h"
#include "runtime/sched/proc.h"
#include "runtime/sched/signal_mask.h"
#include "runtime/sched/syscall.h"
#include "runtime/sync/wait_table.h"
#include "runtime/unwind/walk.h"

namespace rt0::libc {
namespace {

// The thread is dead and off its stack. On g0, or on the stack of the goroutine that runs next.
void thread_exited(g* gp) {
  // acq_rel, pairs with: join's load(acquire), detach's CAS
  const std::uint32_t was = gp->thread.join.exchange(ended, std::memory_order_acq_rel);
  if (was == detached) {
    gp->thread.join.store(gone, std::memory_order_relaxed);
    gfput(getm()->p, gp);
  } else {
    wake(&gp->thread.join, 1);
  }
}

// The same, of a thread on a stack that the program gave and may take back as soon as the thread is joined.
void thread_exited_elsewhere(g* gp) {
  use_stack(gp, gp->slot_stack);
  thread_exited(gp);
}

void thread_main(void*) {
  const thread_state& self = getg()->thread;
  thread_end(self.fn(self.arg));
}

// One that never started.
void discard(g* gp) noexcept {
  forget_labels(gp);
  use_stack(gp, gp->slot_stack);
  sched.nthreads.fetch_sub(1, std::memory_order_relaxed);
  m_locks_inc();
  gfput(getm()->p, gp);
  m_locks_dec();
}

// To the free list, once: false if somebody else gave it back.
bool give_back(g* gp) noexcept {
  std::uint32_t state = ended;
  if (!gp->thread.join.compare_exchange_strong(state, gone, std::memory_order_acq_rel)) return false;
  const with_p have_p;
  m_locks_inc();
  gfput(getm()->p, gp);
  m_locks_dec();
  return true;
}

// In a fork's child the threads of the parent that did not come along have ended, with nullptr: glibc's rule.
// Destructors of the program's that join its workers rely on it.
void end_if_left_behind(g* gp) noexcept {
  std::uint32_t state = joinable;
  if (left_behind(gp) && gp->thread.join.compare_exchange_strong(state, ended, std::memory_order_acq_rel)) {
    gp->thread.result = nullptr;
    gp->status.store(gstatus::dead, std::memory_order_relaxed);
    gp->wait_timer.heap.store(nullptr, std::memory_order_relaxed);  // it may have slept
    gp->lockedm.store(nullptr, std::memory_order_relaxed);
    gp->place = nullptr;
  }
}

g* thread_to_join(pthread_t thread) noexcept {
  g* gp = thread_of(thread);
  end_if_left_behind(gp);
  return gp;
}

int join(g* gp, void** result, std::int64_t deadline_ns) {
  if (const int error = wait_for_end(gp, deadline_ns)) return error;
  void* const ended_with = gp->thread.result;
  if (!give_back(gp)) return EINVAL;
  if (result != nullptr) *result = ended_with;
  return 0;
}

}  // namespace

// A cancellation point: the thread stays to be joined.
int wait_for_end(g* gp, std::int64_t deadline_ns) {
  if (gp == getg()) return EDEADLK;
  end_if_left_behind(gp);
  for (;;) {
    act_on_cancel();
    const std::uint32_t state = gp->thread.join.load(std::memory_order_acquire);  // pairs with: thread_exited
    if (state == ended) return 0;
    if (state != joinable) return EINVAL;
    const auto* word = reinterpret_cast<const std::uint32_t*>(&gp->thread.join);
    const open_to_cancel open;
    if (wait_if_equal(word, state, deadline_ns, wait_reason::join) == wait_result::timed_out)
      return ETIMEDOUT;
  }
}

int detach(g* gp) noexcept {
  std::uint32_t state = joinable;
  // pairs with: thread_exited exchange
  if (gp->thread.join.compare_exchange_strong(state, detached, std::memory_order_acq_rel,
                                              std::memory_order_acquire)) {
    return 0;
  }
  return give_back(gp) ? 0 : EINVAL;
}

void thread_end(void* result) noexcept {
  g* gp = getg();
  gp->thread.cancel.fetch_or(cancel_ending, std::memory_order_relaxed);
  run_thread_local_dtors();
  run_key_dtors();
  forget_labels(gp);
  if (gp->kind == g_kind::go) {
    count_goroutine(-1);
    // A joinable one keeps its stack, where its result lies.
    if (gp->thread.join.load(std::memory_order_relaxed) != detached) gp->exited = thread_exited;
    goexit();
  }
  gp->thread.result = result;
  if (sched.nthreads.fetch_sub(1, std::memory_order_acq_rel) == 1 && !exit_begun()) exit(0);
  if (gp->exited == nullptr) gp->exited = thread_exited;
  goexit();
}

void goroutine_end() noexcept {
  g* gp = getg();
  if (gp->goid != main_goid) thread_end(nullptr);
  run_thread_local_dtors();
  run_key_dtors();
  forget_labels(gp);
  // It stays among nthreads, so that no other thread's end is the last.
  sched.main_gone.store(true, std::memory_order_release);  // pairs with: checkdead, rt0_num_goroutine
  gp->exited = thread_exited;
  goexit();
}

}  // namespace rt0::libc

using namespace rt0::libc;
using rt0::g;

// std::thread::_M_start_thread, by which std::thread calls us: who wants to know the creator means its
// caller.
extern "C" [[gnu::weak]] const char
    _ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE[];

namespace {

bool in_start_thread(std::uintptr_t pc) {
  constexpr std::size_t bytes = 64;
  const char* const begin =
      _ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE;
  return pc - reinterpret_cast<std::uintptr_t>(begin) < bytes;
}

}  // namespace

RT0_EXPORT int pthread_create(pthread_t* thread, const pthread_attr_t* attr, void* (*fn)(void*), void* arg) {
  const attr_rep wanted = attr != nullptr ? rep(attr) : attr_rep{};
  int size_class = rt0::thread_stack_class();
  rt0::stack_bounds own{};
  if (wanted.stack_lo != 0) {
    own = {wanted.stack_lo, wanted.stack_lo + wanted.stack_bytes};
    size_class = rt0::min_stack_class;
  } else if (wanted.stack_bytes != 0) {
    size_class = rt0::stack_class_of(wanted.stack_bytes);
  }
  if (size_class < 0) return EAGAIN;
  auto creator = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  if (in_start_thread(creator)) {
    rt0::registers here;
    rt0::rt0_registers_here(&here);
    const auto sp = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + 2 * sizeof(void*);
    rt0::m_locks_inc();
    if (const std::uintptr_t caller = rt0::caller_of(creator, sp, here)) creator = caller;
    rt0::m_locks_dec();
  }
  rt0::go_request request{thread_main, nullptr, rt0::g_kind::thread, size_class, creator};
  request.stack = own;
  const auto [gp, error] = rt0::newproc1(request);
  if (gp == nullptr) return EAGAIN;
  if (own.hi != 0) gp->exited = thread_exited_elsewhere;
  if (wanted.has_sigmask) {
    gp->signals.mask.store(wanted.sigmask & ~rt0::never_blocked, std::memory_order_relaxed);
  }
  const auto cpu_bytes = static_cast<std::size_t>(wanted.cpu_bytes);
  const int refused =
      rt0::place_new(gp, {wanted.cpus, cpu_bytes, wanted.explicit_sched, wanted.policy, wanted.priority});
  if (refused != 0) {
    discard(gp);
    return refused;
  }
  gp->thread.fn = fn;
  gp->thread.arg = arg;
  gp->thread.join.store(wanted.detached ? detached : joinable, std::memory_order_relaxed);
  *thread = reinterpret_cast<pthread_t>(gp);
  // At the tail, not runnext: the creator goes on first, as with a kernel's thread.
  rt0::start_goroutine(gp, false);
  return 0;
}

RT0_EXPORT int pthread_join(pthread_t thread, void** result) {
  return join(thread_to_join(thread), result, rt0::forever);
}

RT0_EXPORT int pthread_tryjoin_np(pthread_t thread, void** result) {
  g* gp = thread_to_join(thread);
  if (gp->thread.join.load(std::memory_order_acquire) == joinable) return EBUSY;  // pairs with: thread_exited
  return join(gp, result, rt0::forever);
}

RT0_EXPORT int pthread_clockjoin_np(pthread_t thread, void** result, clockid_t clock, const timespec* until) {
  std::int64_t deadline_ns;
  if (!waits_on(clock) || !deadline_from(clock, until, deadline_ns)) return EINVAL;
  return join(thread_to_join(thread), result, deadline_ns);
}

RT0_EXPORT int pthread_timedjoin_np(pthread_t thread, void** result, const timespec* until) {
  return until != nullptr ? pthread_clockjoin_np(thread, result, CLOCK_REALTIME, until)
                          : pthread_join(thread, result);
}

RT0_EXPORT int pthread_detach(pthread_t thread) { return detach(thread_to_join(thread)); }

RT0_EXPORT pthread_t pthread_self() { return reinterpret_cast<pthread_t>(rt0::getg()); }

RT0_EXPORT int pthread_setname_np(pthread_t thread, const char* name) {
  const std::size_t length = strlen(name);
  auto& place = thread_of(thread)->thread.name;
  if (length >= sizeof place) return ERANGE;
  memcpy(place, name, length + 1);
  return 0;
}

RT0_EXPORT int pthread_getname_np(pthread_t thread, char* buffer, size_t bytes) {
  const auto& name = thread_of(thread)->thread.name;
  if (bytes < sizeof name) return ERANGE;  // glibc's rule, whatever the name
  memcpy(buffer, name, strlen(name) + 1);
  return 0;
}
