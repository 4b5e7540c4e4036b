// sem_*: unnamed semaphores of one process. The value and the number of waiters are two halves of one word,
// so that a post learns in one step whether somebody waits, and does not touch the semaphore afterwards.
#include <errno.h>
#include <limits.h>
#include <semaphore.h>
#include <string.h>

#include <atomic>
#include <cstdint>

#include "runtime/base/export.h"
#include "runtime/libc/clock.h"
#include "runtime/libc/pthread/cancel.h"
#include "runtime/signal/attend.h"
#include "runtime/sync/wait_table.h"

namespace rt0::libc {
namespace {

struct sem_rep {
  std::atomic<std::uint32_t> value;  // SEM_VALUE_MAX leaves the top bit
};
static_assert(sizeof(sem_rep) <= sizeof(sem_t));

constexpr std::uint32_t waiters = 1u << 31;  // somebody waits, or waited: a post wakes
constexpr std::uint32_t max_value = waiters - 1;
static_assert(max_value == SEM_VALUE_MAX);

sem_rep& rep(sem_t* sem) { return *reinterpret_cast<sem_rep*>(sem); }

int fail(int error) noexcept {
  errno = error;
  return -1;
}

bool try_wait(sem_rep& s, std::uint32_t& seen) noexcept {
  seen = s.value.load(std::memory_order_relaxed);
  while ((seen & max_value) != 0) {
    // pairs with: sem_post (release)
    if (s.value.compare_exchange_weak(seen, seen - 1, std::memory_order_acquire, std::memory_order_relaxed))
      return true;
  }
  return false;
}

// A cancellation point.
int wait(sem_rep& s, std::int64_t deadline_ns) {
  const interruption since;
  for (;;) {
    act_on_cancel();
    std::uint32_t seen;
    if (try_wait(s, seen)) return 0;
    if (seen == 0 && !s.value.compare_exchange_strong(seen, waiters, std::memory_order_relaxed,
                                                      std::memory_order_relaxed)) {
      continue;
    }
    const auto* word = reinterpret_cast<const std::uint32_t*>(&s.value);
    const open_to_cancel open;
    switch (wait_if_equal(word, waiters, deadline_ns, wait_reason::semaphore)) {
      case wait_result::timed_out: return fail(ETIMEDOUT);
      case wait_result::interrupted:
        if (since.ends_call(true)) return fail(EINTR);
        break;
      default: break;
    }
  }
}

}  // namespace
}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT int sem_init(sem_t* sem, int shared, unsigned value) {
  if (value > max_value) return fail(EINVAL);
  if (shared != 0) return fail(ENOSYS);
  memset(sem, 0, sizeof *sem);
  rep(sem).value.store(value, std::memory_order_relaxed);
  return 0;
}

RT0_EXPORT int sem_destroy(sem_t*) { return 0; }  // nothing is allocated

RT0_EXPORT int sem_wait(sem_t* sem) { return wait(rep(sem), rt0::forever); }

RT0_EXPORT int sem_trywait(sem_t* sem) {
  std::uint32_t seen;
  return try_wait(rep(sem), seen) ? 0 : fail(EAGAIN);
}

RT0_EXPORT int sem_clockwait(sem_t* sem, clockid_t clock, const timespec* until) {
  if (!waits_on(clock)) return fail(EINVAL);
  std::uint32_t seen;
  if (try_wait(rep(sem), seen)) return 0;  // the time is not looked at, as POSIX has it
  std::int64_t deadline_ns;
  if (!deadline_from(clock, until, deadline_ns)) return fail(EINVAL);
  return wait(rep(sem), deadline_ns);
}

RT0_EXPORT int sem_timedwait(sem_t* sem, const timespec* until) {
  return sem_clockwait(sem, CLOCK_REALTIME, until);
}

RT0_EXPORT int sem_post(sem_t* sem) {
  sem_rep& s = rep(sem);
  std::uint32_t seen = s.value.load(std::memory_order_relaxed);
  do {
    if ((seen & max_value) == max_value) return fail(EOVERFLOW);
    // pairs with: try_wait (acquire). The last touch: a woken goroutine may free the semaphore.
  } while (!s.value.compare_exchange_weak(seen, (seen & max_value) + 1, std::memory_order_release,
                                          std::memory_order_relaxed));
  if ((seen & waiters) != 0) rt0::wake(sem, INT_MAX);
  return 0;
}

RT0_EXPORT int sem_getvalue(sem_t* sem, int* value) {
  *value = static_cast<int>(rep(sem).value.load(std::memory_order_relaxed) & max_value);
  return 0;
}
