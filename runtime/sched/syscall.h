// Around a system call that may block: the M keeps the goroutine, the P may go to another M.
//
//   entersyscall        P: running -> syscall. It stays with the M unless sysmon, or who stops the world,
//   takes
//                       it by CAS(syscall -> idle, gcstop).
//   exitsyscall         CAS(syscall -> running) on the old P; else any idle P; else the goroutine goes to the
//                       global queue and the M sleeps.
//   entersyscallblock   the P is handed off at once: for calls that are known to block.
//
// Between the two the goroutine has no P: it may do nothing but the call. Source: Go 1.21 proc.go.
//
// The exception is rt::blocking, which runs a program's code so. It may do everything: what parks, yields or
// makes a goroutine takes a P for that long (with_p), the heap has a path without one, and a system call in
// it is made as it is.
#pragma once
#include "rt0/arch.h"
#include "runtime/sched/m.h"

namespace rt0 {

// This is a goroutine with a P that may be given up: no handler, and no lock of the runtime is held.
bool has_p_to_give() noexcept;

// A tick of a P or an M, which only its owner moves; sysmon looks at it. A locked instruction would be a
// tenth of a short call.
inline void advance(std::atomic<std::uint32_t>& tick) noexcept {
  tick.store(tick.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

// False: there is no P to give up (a signal handler during a call, or the scheduler itself); the caller makes
// the bare call and does not call exitsyscall.
bool entersyscall() noexcept;
bool entersyscallblock() noexcept;
void exitsyscall() noexcept;

// A P for a scope of the core that needs one, if the running goroutine gave its own away by rt::blocking. May
// park at both ends; nothing where there is a P.
class with_p {
 public:
  with_p() noexcept : took_(getm()->p == nullptr && take()) {}
  ~with_p() {
    if (took_) [[unlikely]]
      (void)entersyscallblock();
  }
  with_p(const with_p&) = delete;

 private:
  static bool take() noexcept;
  const bool took_;
};

}  // namespace rt0
