// What lies inside pthread_rwlock_t and pthread_rwlockattr_t.
#pragma once
#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace rt0::libc {

struct rwlock_rep {
  std::atomic<std::uint32_t> word;
  std::uint32_t unused;
  std::atomic<std::uint64_t> writer;  // goid
  std::uint64_t unused_too[4];
  std::int32_t kind;  // glibc's place
};
static_assert(sizeof(rwlock_rep) <= sizeof(pthread_rwlock_t) && offsetof(rwlock_rep, kind) == 48);

struct rwlockattr_rep {
  std::int32_t kind;
};
static_assert(sizeof(rwlockattr_rep) <= sizeof(pthread_rwlockattr_t));

inline rwlock_rep& rep(pthread_rwlock_t* lock) { return *reinterpret_cast<rwlock_rep*>(lock); }
inline rwlockattr_rep& rep(pthread_rwlockattr_t* attr) { return *reinterpret_cast<rwlockattr_rep*>(attr); }
inline const rwlockattr_rep& rep(const pthread_rwlockattr_t* attr) {
  return *reinterpret_cast<const rwlockattr_rep*>(attr);
}

}  // namespace rt0::libc
