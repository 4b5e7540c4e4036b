// The ring waits until a child has something to say and leaves it there (WNOWAIT); the program's own call,
// made not to wait, then takes it. So the answer is the kernel's, and if another goroutine was quicker, the
// wait begins again. Linux 6.7 has it; before, and without a ring, the call is handed off.
#include "runtime/libc/wait_call.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "runtime/io/netpoll.h"
#include "runtime/sched/interrupt.h"
#include "runtime/signal/attend.h"

namespace rt0::libc {
namespace {

// waitid's words for what either call waits for.
struct children {
  idtype_t kind;
  id_t id;
  int options;
};

children of_wait4(const call_args& x) noexcept {
  const auto pid = static_cast<pid_t>(x.a);
  const int options = static_cast<int>(x.c) | WEXITED;
  if (pid == -1) return {P_ALL, 0, options};
  if (pid > 0) return {P_PID, static_cast<id_t>(pid), options};
  return {P_PGID, static_cast<id_t>(-pid), options};
}

ring_op wait_op(const children& c) noexcept {
  return {sys::ring_op_waitid,
          static_cast<std::int32_t>(c.id),
          0,
          0,
          static_cast<std::uint32_t>(c.kind),
          0,
          static_cast<std::uint32_t>(c.options | WNOWAIT)};
}

// The call, made not to wait. True: it has an answer.
bool taken(long nr, call_args x, long& result) noexcept {
  siginfo_t info{};
  if (nr == SYS_wait4) {
    x.c |= WNOHANG;
    result = hand_off(nr, x);
    return result != 0;
  }
  // A null siginfo would not say whether there was one.
  auto* told = x.c != 0 ? reinterpret_cast<siginfo_t*>(x.c) : &info;
  x.c = reinterpret_cast<long>(told);
  x.d |= WNOHANG;
  result = hand_off(nr, x);
  return result != 0 || told->si_pid != 0;
}

}  // namespace

bool wait_call(long nr, const call_args& x, long& result) noexcept {
  if (nr != SYS_wait4 && nr != SYS_waitid) return false;
  const children wanted =
      nr == SYS_wait4 ? of_wait4(x)
                      : children{static_cast<idtype_t>(x.a), static_cast<id_t>(x.b), static_cast<int>(x.d)};
  // A thread's own children are not the submitter's.
  if ((wanted.options & (WNOHANG | __WNOTHREAD)) != 0) return false;
  const ring_op op = wait_op(wanted);
  if (!netpoll_can(op)) return false;
  const interruption since;
  while (!taken(nr, x, result)) {
    io_waiter waiter;
    if (netpoll_run(op, forever, waiter) != -EINTR) continue;
    attend();
    if (since.ends_call(true) || asked_to_end()) {
      result = -EINTR;
      break;
    }
  }
  return true;
}

}  // namespace rt0::libc
