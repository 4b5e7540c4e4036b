// What lies inside pthread_mutex_t and pthread_mutexattr_t.
#pragma once
#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/sync/lock_word.h"

namespace rt0::libc {

struct mutex_rep {
  lock_word word;
  std::uint32_t depth;               // of a recursive owner
  std::atomic<std::uint64_t> owner;  // goid, 0: none
  std::int32_t kind;                 // glibc's place
};
static_assert(sizeof(mutex_rep) <= sizeof(pthread_mutex_t) && offsetof(mutex_rep, kind) == 16);
static_assert(offsetof(mutex_rep, depth) == 4 && offsetof(mutex_rep, owner) == 8);

inline constexpr std::int32_t inherit_bit = 4;  // in a kind, beside the type: PTHREAD_PRIO_INHERIT

struct mutexattr_rep {
  std::int32_t kind;
};
static_assert(sizeof(mutexattr_rep) <= sizeof(pthread_mutexattr_t));

inline mutex_rep& rep(pthread_mutex_t* mutex) { return *reinterpret_cast<mutex_rep*>(mutex); }
inline mutexattr_rep& rep(pthread_mutexattr_t* attr) { return *reinterpret_cast<mutexattr_rep*>(attr); }
inline const mutexattr_rep& rep(const pthread_mutexattr_t* attr) {
  return *reinterpret_cast<const mutexattr_rep*>(attr);
}

// 0, ETIMEDOUT, EDEADLK (errorcheck) or EAGAIN (recursion too deep). Parks.
int mutex_lock(mutex_rep& mx, std::int64_t deadline_ns) noexcept;
// 0 or EPERM (recursive and errorcheck kinds: not the owner).
int mutex_unlock(mutex_rep& mx) noexcept;

}  // namespace rt0::libc
