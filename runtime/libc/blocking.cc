#include "runtime/libc/blocking.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <cstdint>

#include "runtime/libc/io_call.h"
#include "runtime/libc/signal_call.h"
#include "runtime/libc/temporary_mask.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/syscall.h"
#include "runtime/signal/attend.h"
#include "runtime/signal/receiver.h"
#include "runtime/signal/send.h"
#include "sys/clock.h"
#include "sys/passthrough.h"

namespace rt0::libc {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000, ns_per_s = 1'000'000'000;

// Without a P to give away; among others what rt::blocking's code calls.
long bare(long nr, const call_args& x) noexcept {
  advance(getm()->syscalltick);
  return rt0_open_syscall(nr, &x, 0);
}

// The duration of a call that the kernel never restarts after a signal (signal(7)). ppoll and pselect6 have
// none here: the kernel writes what is left into the program's timespec.
class duration {
 public:
  duration(long nr, call_args& x) noexcept {
    switch (nr) {
      case SYS_poll: ms_ = &x.c; break;
      case SYS_epoll_wait:
      case SYS_epoll_pwait: ms_ = &x.d; break;
      case SYS_epoll_pwait2:
      case SYS_semtimedop: copy(x.d); return;
    }
    if (ms_ != nullptr && static_cast<int>(*ms_) > 0) until_ns_ = sys::nanotime() + *ms_ * ns_per_ms;
  }
  duration(const duration&) = delete;

  // What is left of it, for the next attempt.
  void shorten() noexcept {
    if (until_ns_ == 0) return;
    const std::int64_t now_ns = sys::nanotime();
    const std::int64_t left_ns = until_ns_ > now_ns ? until_ns_ - now_ns : 0;
    if (ms_ != nullptr) {
      *ms_ = (left_ns + ns_per_ms - 1) / ns_per_ms;
    } else {
      left_ = {left_ns / ns_per_s, left_ns % ns_per_s};
    }
  }

 private:
  // The program's timespec is const.
  void copy(long& argument) noexcept {
    if (argument == 0) return;
    left_ = *reinterpret_cast<const timespec*>(argument);
    argument = reinterpret_cast<long>(&left_);
    until_ns_ = sys::nanotime() + left_.tv_sec * ns_per_s + left_.tv_nsec;
  }

  long* ms_ = nullptr;
  timespec left_{};
  std::int64_t until_ns_ = 0;  // 0: no end, or no wait at all
};

}  // namespace

// A socket's call with a timeout (SO_RCVTIMEO) would belong to the others too.
bool restarts(long nr) noexcept {
  switch (nr) {
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2:
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_semop:
    case SYS_semtimedop:
    case SYS_msgsnd:
    case SYS_msgrcv:
    case SYS_io_getevents: return false;
  }
  return true;
}

namespace {

bool is_wait(long nr) noexcept { return nr == SYS_wait4 || nr == SYS_waitid; }

// Calls that wait for something to happen, as a rule: the P is given away before, not by sysmon 20 us to 10
// ms later. Locks of files, children, messages. All other calls of the blocking table (members/calls.h) are
// short unless a disk, a device or a peer is slow, and keep the P until sysmon takes it.
bool waits(long nr, const call_args& x) noexcept {
  switch (nr) {
    case SYS_semop:
    case SYS_semtimedop: return true;
    case SYS_flock: return (x.b & (LOCK_NB | LOCK_UN)) == 0;
    case SYS_fcntl: return x.b == F_SETLKW || x.b == F_OFD_SETLKW;
    case SYS_wait4: return (x.c & WNOHANG) == 0;
    case SYS_waitid: return (x.d & WNOHANG) == 0;
    case SYS_msgrcv: return (x.e & IPC_NOWAIT) == 0;
  }
  return false;
}

// A signal that the kernel sends to the calling thread together with an error.
int raised_with(long result) noexcept { return result == -EPIPE ? SIGPIPE : result == -EFBIG ? SIGXFSZ : 0; }

// The M has it, who may be another goroutine's next. False: the goroutine's M blocks no such signal, or it
// did not come (MSG_NOSIGNAL).
bool take_raised(int signal, siginfo_t& info) noexcept {
  if (signal == 0) return false;
  const sys::sigset bit = sys::sig_bit(signal);
  return (sched.sigmask.load(std::memory_order_relaxed) & bit) != 0 &&
         sys::take_signal(bit, &info, false).ok();
}

// Once, by way of the kernel. False: there is no P to give away, the caller makes the bare call.
bool call_once(long nr, const call_args& x, long& result) noexcept {
  if (!(waits(nr, x) ? entersyscallblock() : entersyscall())) return false;
  // The descriptor is free whatever close answers, and may be another goroutine's new file by now: no
  // refusal.
  const std::uint8_t open_to = nr == SYS_close ? 0 : open_bits();
  result = rt0_open_syscall(nr, &x, open_to);
  siginfo_t info;
  const bool raised = take_raised(raised_with(result), info);
  exitsyscall();
  if (raised) (void)send_signal(getg(), info);
  // Who waited for a child finds SIGCHLD's handler to have run, as with a kernel's thread.
  constexpr sys::sigset child = sys::sig_bit(SIGCHLD);
  if (is_wait(nr) && (sched.handled.load(std::memory_order_relaxed) & child) != 0) take_from_kernel(child);
  return true;
}

}  // namespace

void take_raised_with(long result) noexcept {
  siginfo_t info;
  if (take_raised(raised_with(result), info)) (void)send_signal(getg(), info);
}

long hand_off(long nr, call_args x) noexcept {
  long result = 0;
  const temporary_mask mask(take_mask(nr, x));
  duration time(nr, x);
  const interruption since;
  for (;;) {
    if (!call_once(nr, x, result)) return bare(nr, x);
    attend();
    if (result != -EINTR || nr == SYS_close) return result;
    // EINTR without a handler is the runtime's own affair (SIGURG): the call is made again, with what is left
    // of its time.
    if (since.ends_call(restarts(nr)) || asked_to_end()) return -EINTR;
    time.shorten();
  }
}

long blocking_call(long nr, call_args x) noexcept {
  long result = 0;
  return signal_call(nr, x, result) || io_call(nr, x, result) ? result : hand_off(nr, x);
}

}  // namespace rt0::libc
