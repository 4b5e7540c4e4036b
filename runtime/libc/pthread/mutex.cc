// pthread_mutex_*: glibc's layout for users' static initialisers, our lock_word inside.
//
// kind stays where glibc has it (16), since PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP is compiled into programs.
#include "runtime/libc/pthread/mutex.h"

#include <errno.h>
#include <string.h>

#include "runtime/base/export.h"
#include "runtime/base/fatal.h"
#include "runtime/libc/clock.h"

namespace rt0::libc {
namespace {

constexpr int kind_mask = 3;
constexpr std::uint32_t max_depth = UINT32_MAX;

int kind_of(const mutex_rep& mx) { return mx.kind & kind_mask; }

// What lock and trylock do when the running goroutine has it already; -1: go on and wait (a normal mutex
// deadlocks).
int lock_again(mutex_rep& mx) noexcept {
  if (kind_of(mx) == PTHREAD_MUTEX_RECURSIVE) {
    if (mx.depth == max_depth) return EAGAIN;
    mx.depth++;
    return 0;
  }
  return kind_of(mx) == PTHREAD_MUTEX_ERRORCHECK ? EDEADLK : -1;
}

void taken(mutex_rep& mx) noexcept {
  mx.owner.store(getg()->goid, std::memory_order_relaxed);
  mx.depth = 1;
}

bool mine(const mutex_rep& mx) noexcept { return mx.owner.load(std::memory_order_relaxed) == getg()->goid; }

}  // namespace

int mutex_lock(mutex_rep& mx, std::int64_t deadline_ns) noexcept {
  if (mx.word.try_lock()) [[likely]] {
    taken(mx);
    return 0;
  }
  if (mine(mx)) {
    const int again = lock_again(mx);
    if (again >= 0) return again;
  }
  if (!mx.word.lock(deadline_ns, wait_reason::mutex)) return ETIMEDOUT;
  taken(mx);
  return 0;
}

int mutex_unlock(mutex_rep& mx) noexcept {
  if (kind_of(mx) != PTHREAD_MUTEX_NORMAL && kind_of(mx) != PTHREAD_MUTEX_ADAPTIVE_NP) {
    if (!mine(mx)) return EPERM;
    if (--mx.depth > 0) return 0;
  }
  if (!mx.word.locked()) fatal("sync: unlock of unlocked mutex");
  mx.owner.store(0, std::memory_order_relaxed);
  mx.word.unlock();  // the last touch
  return 0;
}

}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attr) {
  memset(static_cast<void*>(mutex), 0, sizeof *mutex);
  if (attr != nullptr) rep(mutex).kind = rep(attr).kind;
  return 0;
}

RT0_EXPORT int pthread_mutex_destroy(pthread_mutex_t* mutex) { return rep(mutex).word.locked() ? EBUSY : 0; }

RT0_EXPORT int pthread_mutex_lock(pthread_mutex_t* mutex) { return mutex_lock(rep(mutex), rt0::forever); }

RT0_EXPORT int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  mutex_rep& mx = rep(mutex);
  if (mx.word.try_lock()) {
    taken(mx);
    return 0;
  }
  return mine(mx) && kind_of(mx) == PTHREAD_MUTEX_RECURSIVE ? lock_again(mx) : EBUSY;
}

RT0_EXPORT int pthread_mutex_unlock(pthread_mutex_t* mutex) { return mutex_unlock(rep(mutex)); }

RT0_EXPORT int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  if (!waits_on(clock)) return EINVAL;
  const int at_once = pthread_mutex_trylock(mutex);
  if (at_once != EBUSY) return at_once;  // the time is not looked at
  std::int64_t deadline_ns;
  if (!deadline_from(clock, until, deadline_ns)) return EINVAL;
  return mutex_lock(rep(mutex), deadline_ns);
}

RT0_EXPORT int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* until) {
  return pthread_mutex_clocklock(mutex, CLOCK_REALTIME, until);
}

RT0_EXPORT int pthread_mutexattr_init(pthread_mutexattr_t* attr) {
  rep(attr).kind = PTHREAD_MUTEX_DEFAULT;
  return 0;
}

RT0_EXPORT int pthread_mutexattr_destroy(pthread_mutexattr_t* attr) {
  rep(attr).kind = -1;
  return 0;
}

RT0_EXPORT int pthread_mutexattr_settype(pthread_mutexattr_t* attr, int kind) {
  if (kind < PTHREAD_MUTEX_NORMAL || kind > PTHREAD_MUTEX_ADAPTIVE_NP) return EINVAL;
  rep(attr).kind = (rep(attr).kind & ~kind_mask) | kind;
  return 0;
}

RT0_EXPORT int pthread_mutexattr_gettype(const pthread_mutexattr_t* attr, int* kind) {
  *kind = rep(attr).kind & kind_mask;
  return 0;
}
