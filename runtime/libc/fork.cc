// fork: from any goroutine, whatever the others do; the child may go on using threads.
//
// The kernel's copy has one thread, on the forking goroutine's stack and with its %fs and %gs: this M, its P,
// this goroutine. What it must not have is a lock that somebody holds who is not there, or a list that
// somebody was changing. So:
//
//   pthread_atfork's functions
//   musl's locks of tables   as a goroutine; a FILE's own are left alone (libc_fork.h)
//   lock_world               who forks waits for who forks, or sets the number of Ps
//   stop_the_world           no goroutine is within the runtime, so nobody holds a lock of ranks that only
//                            goroutines take (exit, keys, allg, the wait table, timers)
//   the locks that an M without a P takes, in the order of their ranks: signals, births, sched, gfree,
//   stack_slabs, heap; and the report, as if it were one
//   clone
//   parent                   all of it backwards
//   child                    each room makes its own state that of one goroutine on one M; then likewise
//                            backwards
//
// Mutexes of the program that other threads hold stay held in the child, as POSIX says, and what they did not
// finish stays so.
//
// Rejected: a system call by which all Ms stop where they are (the runtime's own lists would be copied
// half-way); vfork as the kernel has it (the child would run goroutines on the parent's memory): posix_spawn
// is for those who want its speed.
#include "runtime/libc/fork.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "rt0/arch.h"
#include "runtime/base/export.h"
#include "runtime/io/netpoll.h"
#include "runtime/libc/atfork.h"
#include "runtime/libc/exit.h"
#include "runtime/libc/libc_fork.h"
#include "runtime/mem/heap.h"
#include "runtime/mem/stack.h"
#include "runtime/sched/every_m.h"
#include "runtime/sched/fork.h"
#include "runtime/sched/freeze.h"
#include "runtime/sched/signal_mask.h"
#include "runtime/sched/stop_the_world.h"
#include "runtime/sched/syscall.h"
#include "runtime/signal/child.h"
#include "runtime/sync/wait_table.h"
#include "runtime/sync/world.h"
#include "sys/process.h"
#include "sys/signal.h"

namespace rt0::libc {
namespace {

void prepare() noexcept {
  signals_fork_prepare();
  sched_fork_prepare();
  stack_slabs_lock();
  heap_fork_prepare();
  registers here;
  rt0_registers_here(&here);
  (void)claim_report(here);
}

void parent() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS {
  thaw_others();
  heap_fork_parent();
  stack_slabs_unlock();
  sched_fork_parent();
  signals_fork_parent();
  start_the_world();
}

void child() noexcept RT0_NO_THREAD_SAFETY_ANALYSIS {
  thaw_others();
  heap_fork_child();
  stack_slabs_unlock();
  sched_fork_child();
  signals_fork_child();
  wait_table_fork_child();
  netpoll_fork_child();
  exit_fork_child();
  start_the_world_alone();
  receiver_in_child();
}

pid_t or_errno(long result) noexcept {
  if (result >= 0) return static_cast<pid_t>(result);
  errno = static_cast<int>(-result);
  return -1;
}

}  // namespace

long copy_process(unsigned long flags) noexcept {
  if (!has_p_to_give()) {
    // In a handler on the signal stack: a copy as it is, for exec and _exit.
    const auto copied = sys::fork(flags);
    return copied.ok() ? copied.value() : -copied.error();
  }
  lock_world();
  stop_the_world();
  // Signals for the program's handlers come to the receiver. What comes here is the runtime's own, which a
  // child that is not whole yet must not take; but not the call's: who asks every M holds births, which we
  // want, and waits for our answer.
  constexpr sys::sigset all_but_calls = ~sys::sig_bit(call_signal);
  (void)sys::sigprocmask(sys::mask_how::set, &all_but_calls, nullptr);
  prepare();
  const auto copied = sys::fork(flags);
  copied.ok() && copied.value() == 0 ? child() : parent();
  adopt_mask();  // not the one from before: more may have been taken over since
  unlock_world();
  return copied.ok() ? copied.value() : -copied.error();
}

}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT pid_t _Fork() { return or_errno(copy_process(SIGCHLD)); }
// Without the functions of pthread_atfork, as glibc's.
RT0_EXPORT pid_t vfork() { return _Fork(); }

RT0_EXPORT pid_t fork() {
  const atfork* functions = run_prepare();
  musl_file** const files = libc_fork_prepare();
  const long pid = copy_process(SIGCHLD);
  if (pid == 0) libc_fork_child(files);
  libc_fork_release();
  pid == 0 ? run_child(functions) : run_parent(functions);
  return or_errno(pid);
}
