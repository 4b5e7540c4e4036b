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
#pragma once

namespace rt0 {

// False: there is no P to give up (a signal handler during a call, or the scheduler itself); the caller makes
// the bare call and does not call exitsyscall.
bool entersyscall() noexcept;
bool entersyscallblock() noexcept;
void exitsyscall() noexcept;

// The running code is a goroutine's, with a P: it may park.
bool may_park() noexcept;

}  // namespace rt0
