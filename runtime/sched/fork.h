// The scheduler's part of fork; runtime/libc/fork.cc lists everybody's, in their order.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// The locks that Ms without a P may hold while the world is stopped: so that no M is half made, nothing that
// every M shall do (setuid) is half done, and the child's lists are whole. On a goroutine, the world stopped,
// all signals blocked.
void sched_fork_prepare() noexcept;
void sched_fork_parent() noexcept;
// Of the child: the running M is the only one, the running goroutine the only one that is alive, and no
// longer what newproc made it but the process's first thread. The world stays stopped. Without a lock.
void sched_fork_child() noexcept;

}  // namespace rt0
