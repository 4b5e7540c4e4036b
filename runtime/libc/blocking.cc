#include "runtime/libc/blocking.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <cstdint>

#include "rt0/arch.h"
#include "runtime/libc/io_call.h"
#include "runtime/sched/m.h"
#include "runtime/sched/syscall.h"
#include "sys/clock.h"
#include "sys/passthrough.h"

namespace rt0::libc {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000, ns_per_s = 1'000'000'000;

long bare(long nr, const call_args& x) noexcept { return sys::passthrough(nr, x.a, x.b, x.c, x.d, x.e, x.f); }

// The duration of a call that the kernel never restarts after a signal (signal(7)). ppoll and pselect6 have
// none here: the kernel writes what is left into the program's timespec.
class duration {
 public:
  duration(long nr, call_args& x) noexcept {
    switch (nr) {
      case SYS_poll: ms_ = &x.c; break;
      case SYS_epoll_wait:
      case SYS_epoll_pwait: ms_ = &x.d; break;
      case SYS_rt_sigtimedwait: copy(x.c); return;
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

// The runtime's own signal interrupts a call just as a program's handler would, but that is no reason to tell
// the program: the call is made again, with what is left of its time.
long uninterrupted(long nr, call_args& x) noexcept {
  duration time(nr, x);
  const auto& own_signals = getm()->own_signals;  // of this M: it keeps the goroutine during the call
  for (;;) {
    const std::uint32_t before = own_signals.load(std::memory_order_relaxed);
    const long result = bare(nr, x);
    if (result != -EINTR || own_signals.load(std::memory_order_relaxed) == before) return result;
    // The descriptor is free whatever close answers, and may be another goroutine's new file by now.
    if (nr == SYS_close) return result;
    time.shorten();
  }
}

// Calls that wait for something to happen, as a rule: the P is given away before, not by sysmon 20 us to 10
// ms later. Signals, locks of files, children, messages. All other calls of the blocking table
// (members/calls.h) are short unless a disk, a device or a peer is slow, and keep the P until sysmon takes
// it.
bool waits(long nr, const call_args& x) noexcept {
  switch (nr) {
    case SYS_pause:
    case SYS_rt_sigsuspend:
    case SYS_rt_sigtimedwait:
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

}  // namespace

long hand_off(long nr, call_args x) noexcept {
  if (!(waits(nr, x) ? entersyscallblock() : entersyscall())) return bare(nr, x);
  const long result = uninterrupted(nr, x);
  exitsyscall();
  return result;
}

long blocking_call(long nr, call_args x) noexcept {
  long result = 0;
  return io_call(nr, x, result) ? result : hand_off(nr, x);
}

}  // namespace rt0::libc
