// Where and how the kernel runs a goroutine that asks for it: CPUs (pthread_setaffinity_np), a policy and a
// priority (pthread_setschedparam). Such a goroutine has an M of its own, bound as by lock_os_thread, whose
// kernel thread is placed so. All others run wherever the process may.
//
//   (none) --set by itself-------------------> bound to its M, which is placed at once
//   (none) --set by another, or at creation--> to be bound: the next M that would run it becomes its own
//   (schedule),
//                                              or it binds itself (lock_os_thread)
//   bound  --set by anybody------------------> its M is placed anew
//   bound, to be bound --its end-------------> (none): the M is placed as the process is
//
// The place and the M's flag are written under one lock; lockedm moves from nullptr by a compare-and-swap,
// since the goroutine may bind itself meanwhile. What the kernel would refuse is refused at once: a place for
// another goroutine is first tried on the caller's M.
#pragma once
#include "runtime/sched/sched.h"

namespace rt0 {

// All return an error number: EINVAL (no such CPU, policy or priority), EPERM, ENOMEM, ESRCH (it ended). On a
// goroutine.
int set_cpus(g* gp, const void* cpus, std::size_t bytes) noexcept;
int set_policy(g* gp, int policy, int priority) noexcept;
void get_place(const g* gp, sys::thread_placement& place) noexcept;

// A goroutine that is made, and not started yet, as its maker is placed; and what is different.
struct new_place {
  const void* cpus;
  std::size_t cpu_bytes;  // 0: the maker's
  bool explicit_policy;
  int policy, priority;
};
int place_new(g* gp, const new_place& wanted) noexcept;

// locked_m's: mp has just been bound to gp, for which a place may have been asked; and gp, bound to mp or to
// be bound, has ended.
void take_place(m* mp, g* gp) noexcept;
void forget_place(m* mp, g* gp) noexcept;
void unbind_unless_placed(m* mp, g* gp) noexcept;
// A new M's thread runs where the process does, not where its maker is placed.
void place_as_process() noexcept;

}  // namespace rt0
