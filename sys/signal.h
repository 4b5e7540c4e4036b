// Signal masks and dispositions, by the kernel's own structures (its sigset is 64 bits, a C library's is
// larger).
#pragma once
#include <cstddef>
#include <cstdint>

#include "sys/ret.h"

namespace rt0::sys {

using sigset = std::uint64_t;  // bit signal-1
inline constexpr sigset sig_bit(int signal) { return sigset{1} << (signal - 1); }
inline constexpr int signal_count = 64;
inline constexpr std::size_t siginfo_bytes = 128;  // of the kernel's and the C library's siginfo_t

// SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS: what the CPU raises. Where one of them is blocked, it
// kills without a word.
inline constexpr sigset fault_signals =
    sig_bit(11) | sig_bit(7) | sig_bit(8) | sig_bit(4) | sig_bit(5) | sig_bit(31);

enum class mask_how : int { block = 0, unblock = 1, set = 2 };
// Changes the calling M's kernel mask (set == nullptr: reads it) and returns the old one.
ret<int> sigprocmask(mask_how, const sigset* set, sigset* old) noexcept;
// The 8 bytes at that address, which is a multiple of 8, can be read. By the one call that reads a word and
// then does nothing: a mask for which there is no such way to set it.
bool is_readable(std::uintptr_t address) noexcept;

// Signals that are blocked here and wait, for this M or for the process.
sigset pending_signals() noexcept;

// [lo, lo + bytes) becomes the calling M's signal stack (sigaltstack(2); never SS_AUTODISARM, which stays
// disarmed when a handler is left without a return).
ret<int> set_signal_stack(void* lo, std::size_t bytes) noexcept;

// What the kernel does with a signal when no M blocks it.
struct disposition {
  std::uintptr_t handler;  // SIG_DFL, SIG_IGN, or a function
  int flags;
};
// The runtime's own handler: on the signal stack, all signals blocked meanwhile but faults, which the
// handler's own code, too, may raise; SA_RESTART.
ret<int> set_handler(int signal, void (*handler)(int, void*, void*), void (*restorer)()) noexcept;
// The same, which cannot fail for this signal; returns what there was.
disposition exchange_handler(int signal, void (*handler)(int, void*, void*), void (*restorer)()) noexcept;

// What a handler was told of its signal.
struct signal_cause {
  bool fault;              // the CPU raised it, not a program by kill
  std::uintptr_t address;  // of a fault
};
signal_cause cause_of(const void* info) noexcept;

// An interval timer (setitimer, alarm) will still fire.
bool itimer_pending() noexcept;
// SIG_DFL for the signal, unblocked on this M.
void default_action(int signal) noexcept;

// Precondition: 1 <= signal <= signal_count.
disposition disposition_of(int signal) noexcept;
// `handler` is SIG_DFL or SIG_IGN. Of the flags SIGCHLD's two mean something.
ret<int> set_disposition(int signal, disposition) noexcept;

// Takes one of the set that is pending for this M or the process, and tells of it in *info (siginfo_bytes).
// The signals are blocked on this M. wait: blocks it until there is one; EINTR.
ret<int> take_signal(sigset set, void* info, bool wait) noexcept;
// What this M was sent goes to another thread, whose take_signal returns the same info.
ret<int> hand_on_signal(std::int32_t pid, std::int32_t tid, int signal, const void* info) noexcept;
// The same signal once more, to a thread of this process.
ret<int> send_again(std::int32_t pid, std::int32_t tid, int signal, const void* info) noexcept;
ret<int> kill(std::int32_t pid, int signal) noexcept;

}  // namespace rt0::sys
