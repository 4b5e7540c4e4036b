// What the program wants done with a signal: sigaction's table. The kernel's own says for most signals
// SIG_DFL where this one has a handler, since signals with handlers are blocked there and come to the
// goroutines by the receiver; but it ignores what the program ignores, knows SIGCHLD's flags, and so starts
// the right image's children and successors.
#pragma once
#include "runtime/signal/queue.h"

namespace rt0 {

struct signal_action {
  std::uintptr_t handler;  // SIG_DFL, SIG_IGN, or a function
  sys::sigset mask;
  int flags;  // SA_*
};

using signal_handler = void (*)(int, void*, void*);

inline bool is_function(const signal_action& a) noexcept {
  return a.handler != reinterpret_cast<std::uintptr_t>(SIG_DFL) &&
         a.handler != reinterpret_cast<std::uintptr_t>(SIG_IGN);
}

// What is done with a signal that a goroutine does not block.
enum class effect { ignore, call, end };  // end: or stop, the kernel knows which
effect effect_of(int signal, const signal_action& a) noexcept;

const signal_action& action_of(int signal) noexcept RT0_REQUIRES(signal_lock);
// As SA_RESETHAND wants it.
void reset_action(int signal) noexcept RT0_REQUIRES(signal_lock);

// sigaction: 0 or an errno. Either may be nullptr. On a goroutine; blocks the M.
int change_action(int signal, const signal_action* wanted, signal_action* old) noexcept;

// The default action of a signal that ends or stops the process, which has no other. Returns if it stopped
// and goes on.
void take_default(int signal) noexcept;

}  // namespace rt0
