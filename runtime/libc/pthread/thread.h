// A pthread is a goroutine of kind thread: pthread_t is its G.
#pragma once
#include <pthread.h>

#include <cstdint>

#include "runtime/sched/g.h"

namespace rt0::libc {

// Who gives the G back, when the thread has ended:
//
//   joinable -> ended       the thread ends first; whoever joins gives it back
//   joinable -> detached    detach; the ending thread gives itself back
//   ended -> gone           join, or detach of an ended thread: the G is on the free list
enum join_state : std::uint32_t { joinable = 0, detached = 1, ended = 2, gone = 3 };

struct attr_rep {
  std::uint64_t stack_bytes;  // 0: the default
  std::uint64_t guard_bytes;
  std::uintptr_t stack_lo;  // pthread_attr_setstack's, and pthread_getattr_np's answer; 0: none
  void* cpus;               // pthread_attr_setaffinity_np's set, on the heap
  std::uint64_t sigmask;
  std::int16_t cpu_bytes;  // of that set
  bool has_sigmask, detached, explicit_sched;
  std::uint8_t policy, priority;
};
static_assert(sizeof(attr_rep) <= sizeof(pthread_attr_t));

inline attr_rep& rep(pthread_attr_t* attr) { return *reinterpret_cast<attr_rep*>(attr); }
inline const attr_rep& rep(const pthread_attr_t* attr) { return *reinterpret_cast<const attr_rep*>(attr); }
inline g* thread_of(pthread_t t) { return reinterpret_cast<g*>(t); }

// Runs the running thread's destructors: of thread_local objects (exit does too), and of pthread keys.
void run_thread_local_dtors() noexcept;
void run_key_dtors() noexcept;
// Waits until gp has ended, whose result may then be read, and which is not given back. 0, EDEADLK, EINVAL
// (it is detached), ETIMEDOUT.
int wait_for_end(g* gp, std::int64_t deadline_ns);
// Nobody will join gp. 0, EINVAL.
int detach(g* gp) noexcept;
// The running thread, or goroutine of rt::go, ends with a result. The last thread ends the process with
// status 0, as POSIX says.
[[noreturn]] void thread_end(void* result) noexcept;
// The same by rt::goexit: without a result, and without ending the process, whoever is left. When nobody is,
// checkdead says so.
[[noreturn]] void goroutine_end() noexcept;

}  // namespace rt0::libc
