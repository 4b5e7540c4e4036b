// Signals that wait: of one goroutine, or of the process. As in the kernel, a standard signal waits once, a
// real-time signal as often as it was sent; and what found no memory is a bit without its siginfo, unless the
// sender asked for the siginfo's sake (sigqueue) and is told so.
//
// At most RLIMIT_SIGPENDING wait at a time, in all queues together: the kernel's bound, counted anew.
#pragma once
#include <signal.h>

#include "runtime/lock/mutex.h"
#include "runtime/sched/g.h"

namespace rt0 {

// Guards all that says who is told of which signal: the queues, goroutines' masks, the actions.
extern constinit mutex<lock_rank::signals> signal_lock;

struct signal_node {
  signal_node* next;
  siginfo_t info;
};

inline constexpr int first_real_time = 32;  // the kernel's; the C library's SIGRTMIN leaves it some

// A place for a signal; nullptr: no memory, or too many wait. Without the lock.
signal_node* make_node(const siginfo_t& info) noexcept;
void free_node(signal_node* node) noexcept;  // nullptr: nothing

// The signal waits from now on; a node that is not needed is returned. node may be nullptr.
[[nodiscard]] signal_node* put(signal_queue& queue, int signal, signal_node* node) noexcept
    RT0_REQUIRES(signal_lock);
// Takes the lowest of the set, the oldest of its kind; a fault's signal before all others. 0: none.
// *node: its node, to be freed, or nullptr.
int take(signal_queue& queue, sys::sigset of, signal_node** node) noexcept RT0_REQUIRES(signal_lock);
// All of the set go. Returns their nodes, linked.
signal_node* take_all(signal_queue& queue, sys::sigset of) noexcept RT0_REQUIRES(signal_lock);
void free_nodes(signal_node* first) noexcept;

}  // namespace rt0
