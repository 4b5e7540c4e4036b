// pthread_rwlock_*: one word, readers preferred as in glibc's default kind. The kind that prefers writers
// lets no new reader in while somebody waits for the readers that are in.
//
//   word = writer bit | waiters bit | number of readers
//
// Whoever waits sets the waiters bit; the unlock that leaves the lock free clears it and wakes everybody, who
// compete again.
#include "runtime/libc/pthread/rwlock.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "runtime/base/export.h"
#include "runtime/base/fatal.h"
#include "runtime/libc/clock.h"
#include "runtime/sync/wait_table.h"

namespace rt0::libc {
namespace {

constexpr std::uint32_t write_held = 1u << 31, waiters = 1u << 30, reader_mask = waiters - 1;

// Waits for a change of the word, which was `seen`. False: the deadline passed.
bool wait_change(rwlock_rep& rw, std::uint32_t seen, std::int64_t deadline_ns, wait_reason why) noexcept {
  const std::uint32_t marked = seen | waiters;
  if (seen != marked &&
      !rw.word.compare_exchange_strong(seen, marked, std::memory_order_relaxed, std::memory_order_relaxed)) {
    return true;
  }
  const auto* word = reinterpret_cast<const std::uint32_t*>(&rw.word);
  return wait_if_equal(word, marked, deadline_ns, why) != wait_result::timed_out;
}

bool writer_is_me(const rwlock_rep& rw) noexcept {
  return rw.writer.load(std::memory_order_relaxed) == getg()->goid;
}

// The bits that keep a reader out. Readers wait for writers only, so behind readers it is a writer that
// waits.
std::uint32_t closed_to_readers(const rwlock_rep& rw) noexcept {
  return rw.kind == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP ? write_held | waiters : write_held;
}

int try_read(rwlock_rep& rw, std::uint32_t& seen) noexcept {
  seen = rw.word.load(std::memory_order_relaxed);
  while ((seen & closed_to_readers(rw)) == 0) {
    if ((seen & reader_mask) == reader_mask) return EAGAIN;
    // pairs with: unlock (release)
    if (rw.word.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire, std::memory_order_relaxed))
      return 0;
  }
  return EBUSY;
}

int try_write(rwlock_rep& rw, std::uint32_t& seen) noexcept {
  seen = rw.word.load(std::memory_order_relaxed);
  while ((seen & (write_held | reader_mask)) == 0) {
    // pairs with: unlock (release)
    if (rw.word.compare_exchange_weak(seen, seen | write_held, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
      rw.writer.store(getg()->goid, std::memory_order_relaxed);
      return 0;
    }
  }
  return EBUSY;
}

int lock(rwlock_rep& rw, int (*try_once)(rwlock_rep&, std::uint32_t&), wait_reason why,
         std::int64_t deadline_ns) noexcept {
  for (;;) {
    std::uint32_t seen;
    const int r = try_once(rw, seen);
    if (r != EBUSY) return r;
    if (writer_is_me(rw)) return EDEADLK;
    if (!wait_change(rw, seen, deadline_ns, why)) return ETIMEDOUT;
  }
}

int clock_lock(pthread_rwlock_t* lock_, int (*try_once)(rwlock_rep&, std::uint32_t&), wait_reason why,
               clockid_t clock, const timespec* until) noexcept {
  if (!waits_on(clock)) return EINVAL;
  std::uint32_t seen;
  const int at_once = try_once(rep(lock_), seen);
  if (at_once != EBUSY) return at_once;  // the time is not looked at
  std::int64_t deadline_ns;
  if (!deadline_from(clock, until, deadline_ns)) return EINVAL;
  return lock(rep(lock_), try_once, why, deadline_ns);
}

int unlock(rwlock_rep& rw) noexcept {
  std::uint32_t seen = rw.word.load(std::memory_order_relaxed);
  if ((seen & (write_held | reader_mask)) == 0) fatal("sync: unlock of unlocked rwlock");
  if (seen & write_held) rw.writer.store(0, std::memory_order_relaxed);
  for (;;) {
    const std::uint32_t held = (seen & write_held) ? 0 : (seen & reader_mask) - 1;
    const std::uint32_t next = held == 0 ? 0 : held | (seen & waiters);
    // The last touch. pairs with: try_read, try_write (acquire)
    if (rw.word.compare_exchange_weak(seen, next, std::memory_order_release, std::memory_order_relaxed)) {
      if (next == 0 && (seen & waiters) != 0) wake(&rw.word, INT_MAX);
      return 0;
    }
  }
}

}  // namespace
}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT int pthread_rwlock_init(pthread_rwlock_t* lock, const pthread_rwlockattr_t* attr) {
  memset(static_cast<void*>(lock), 0, sizeof *lock);
  if (attr != nullptr) rep(lock).kind = rep(attr).kind;
  return 0;
}

RT0_EXPORT int pthread_rwlock_destroy(pthread_rwlock_t*) { return 0; }  // nothing is allocated

RT0_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t* l) {
  return lock(rep(l), try_read, rt0::wait_reason::read_lock, rt0::forever);
}

RT0_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t* l) {
  return lock(rep(l), try_write, rt0::wait_reason::write_lock, rt0::forever);
}

RT0_EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t* l) {
  std::uint32_t seen;
  return try_read(rep(l), seen);
}

RT0_EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t* l) {
  std::uint32_t seen;
  return try_write(rep(l), seen);
}

RT0_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t* l, clockid_t clock, const timespec* until) {
  return clock_lock(l, try_read, rt0::wait_reason::read_lock, clock, until);
}

RT0_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t* l, clockid_t clock, const timespec* until) {
  return clock_lock(l, try_write, rt0::wait_reason::write_lock, clock, until);
}

RT0_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t* l, const timespec* until) {
  return pthread_rwlock_clockrdlock(l, CLOCK_REALTIME, until);
}

RT0_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t* l, const timespec* until) {
  return pthread_rwlock_clockwrlock(l, CLOCK_REALTIME, until);
}

RT0_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t* l) { return unlock(rep(l)); }
