// pthread_cond_*. The waiters stand in the wait table under the condition's address: a woken one touches only
// its own stack, so the condition variable may be destroyed as soon as signal or broadcast has returned.
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "runtime/base/export.h"
#include "runtime/libc/clock.h"
#include "runtime/libc/pthread/cancel.h"
#include "runtime/libc/pthread/mutex.h"
#include "runtime/sync/wait_table.h"

namespace rt0::libc {
namespace {

struct cond_rep {
  std::int32_t clock;  // of pthread_cond_timedwait; 0, the static initialiser's, is CLOCK_REALTIME
};
struct condattr_rep {
  std::int32_t clock;
};
static_assert(sizeof(cond_rep) <= sizeof(pthread_cond_t) &&
              sizeof(condattr_rep) <= sizeof(pthread_condattr_t));
static_assert(CLOCK_REALTIME == 0);

cond_rep& rep(pthread_cond_t* c) { return *reinterpret_cast<cond_rep*>(c); }
condattr_rep& rep(pthread_condattr_t* a) { return *reinterpret_cast<condattr_rep*>(a); }

// A cancellation point. A request is acted on with the mutex locked again, and only if it, not a signal,
// ended the wait: a signal is not lost with a thread that ends.
int wait(pthread_cond_t* cond, pthread_mutex_t* mutex, std::int64_t deadline_ns) {
  act_on_cancel();
  wait_node node;
  {  // what the wait is open to, it is from here on
    const open_to_cancel open;
    enter(node, cond);  // before the unlock: a signal after it finds us
  }
  const int unlocked = mutex_unlock(rt0::libc::rep(mutex));
  if (unlocked != 0) {
    (void)claim(node.ticket, claim_state::cancelled);
    (void)park(node, forever, wait_reason::condition);
    return unlocked;
  }
  const wait_result how = park(node, deadline_ns, wait_reason::condition);
  (void)mutex_lock(rt0::libc::rep(mutex), forever);
  if (how != wait_result::woken) act_on_cancel();
  return how == wait_result::timed_out ? ETIMEDOUT : 0;
}

}  // namespace
}  // namespace rt0::libc

using namespace rt0::libc;

RT0_EXPORT int pthread_cond_init(pthread_cond_t* cond, const pthread_condattr_t* attr) {
  memset(static_cast<void*>(cond), 0, sizeof *cond);
  if (attr != nullptr) rep(cond).clock = reinterpret_cast<const condattr_rep*>(attr)->clock;
  return 0;
}

RT0_EXPORT int pthread_cond_destroy(pthread_cond_t*) { return 0; }  // nothing is allocated

RT0_EXPORT int pthread_cond_wait(pthread_cond_t* cond, pthread_mutex_t* mutex) {
  return wait(cond, mutex, rt0::forever);
}

RT0_EXPORT int pthread_cond_clockwait(pthread_cond_t* cond, pthread_mutex_t* mutex, clockid_t clock,
                                      const timespec* until) {
  std::int64_t deadline_ns;
  if (!waits_on(clock) || !deadline_from(clock, until, deadline_ns)) return EINVAL;
  return wait(cond, mutex, deadline_ns);
}

RT0_EXPORT int pthread_cond_timedwait(pthread_cond_t* cond, pthread_mutex_t* mutex, const timespec* until) {
  return pthread_cond_clockwait(cond, mutex, rep(cond).clock, until);
}

RT0_EXPORT int pthread_cond_signal(pthread_cond_t* cond) {
  rt0::wake(cond, 1);
  return 0;
}

RT0_EXPORT int pthread_cond_broadcast(pthread_cond_t* cond) {
  rt0::wake(cond, INT_MAX);
  return 0;
}

RT0_EXPORT int pthread_condattr_init(pthread_condattr_t* attr) {
  rep(attr).clock = CLOCK_REALTIME;
  return 0;
}

RT0_EXPORT int pthread_condattr_destroy(pthread_condattr_t* attr) {
  rep(attr).clock = -1;
  return 0;
}

RT0_EXPORT int pthread_condattr_setclock(pthread_condattr_t* attr, clockid_t clock) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) return EINVAL;
  rep(attr).clock = clock;
  return 0;
}

RT0_EXPORT int pthread_condattr_getclock(const pthread_condattr_t* attr, clockid_t* clock) {
  *clock = reinterpret_cast<const condattr_rep*>(attr)->clock;
  return 0;
}
