// C11's <threads.h>, each function in terms of POSIX's, as glibc's types have it: mtx_t is a pthread_mutex_t,
// cnd_t a pthread_cond_t, once_flag a pthread_once_t. thrd_exit, which unwinds, is in thrd_exit.cc.
#include <errno.h>
#include <pthread.h>
#include <threads.h>
#include <time.h>

#include <cstdint>

#include "runtime/base/export.h"

static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && alignof(mtx_t) == alignof(pthread_mutex_t));
static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t) && alignof(cnd_t) == alignof(pthread_cond_t));
static_assert(sizeof(once_flag) == sizeof(pthread_once_t) && sizeof(tss_t) == sizeof(pthread_key_t));
static_assert(sizeof(thrd_t) == sizeof(pthread_t));

namespace {

pthread_mutex_t* posix(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* posix(cnd_t* cond) { return reinterpret_cast<pthread_cond_t*>(cond); }

int result_of(int error) {
  switch (error) {
    case 0: return thrd_success;
    case EBUSY: return thrd_busy;
    case ETIMEDOUT: return thrd_timedout;
    case ENOMEM: return thrd_nomem;
  }
  return thrd_error;
}

}  // namespace

// The thread's int comes back in the low half of the register in which pthread_create's function returns its
// pointer.
RT0_EXPORT int thrd_create(thrd_t* thread, thrd_start_t fn, void* arg) {
  const auto start = reinterpret_cast<void* (*)(void*)>(reinterpret_cast<void (*)()>(fn));
  const int error = pthread_create(thread, nullptr, start, arg);
  return error == EAGAIN ? thrd_nomem : result_of(error);
}

RT0_EXPORT int thrd_join(thrd_t thread, int* result) {
  void* ended_with = nullptr;
  const int error = pthread_join(thread, &ended_with);
  if (error == 0 && result != nullptr)
    *result = static_cast<int>(reinterpret_cast<std::intptr_t>(ended_with));
  return result_of(error);
}

RT0_EXPORT int thrd_detach(thrd_t thread) { return result_of(pthread_detach(thread)); }
RT0_EXPORT thrd_t thrd_current() { return pthread_self(); }
RT0_EXPORT void thrd_yield() { sched_yield(); }

// 0, -1 if a signal's handler ran, another negative number on failure.
RT0_EXPORT int thrd_sleep(const timespec* duration, timespec* rest) {
  const int error = clock_nanosleep(CLOCK_REALTIME, 0, duration, rest);
  return error == EINTR ? -1 : error == 0 ? 0 : -2;
}

RT0_EXPORT int mtx_init(mtx_t* mutex, int type) {
  if ((type & ~(mtx_recursive | mtx_timed)) != 0) return thrd_error;
  pthread_mutexattr_t attr;
  pthread_mutexattr_init(&attr);
  pthread_mutexattr_settype(&attr,
                            (type & mtx_recursive) != 0 ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
  return result_of(pthread_mutex_init(posix(mutex), &attr));
}

RT0_EXPORT void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(posix(mutex)); }
RT0_EXPORT int mtx_lock(mtx_t* mutex) { return result_of(pthread_mutex_lock(posix(mutex))); }
RT0_EXPORT int mtx_trylock(mtx_t* mutex) { return result_of(pthread_mutex_trylock(posix(mutex))); }
RT0_EXPORT int mtx_unlock(mtx_t* mutex) { return result_of(pthread_mutex_unlock(posix(mutex))); }
RT0_EXPORT int mtx_timedlock(mtx_t* mutex, const timespec* until) {
  return result_of(pthread_mutex_timedlock(posix(mutex), until));
}

RT0_EXPORT int cnd_init(cnd_t* cond) { return result_of(pthread_cond_init(posix(cond), nullptr)); }
RT0_EXPORT void cnd_destroy(cnd_t* cond) { pthread_cond_destroy(posix(cond)); }
RT0_EXPORT int cnd_signal(cnd_t* cond) { return result_of(pthread_cond_signal(posix(cond))); }
RT0_EXPORT int cnd_broadcast(cnd_t* cond) { return result_of(pthread_cond_broadcast(posix(cond))); }
RT0_EXPORT int cnd_wait(cnd_t* cond, mtx_t* mutex) {
  return result_of(pthread_cond_wait(posix(cond), posix(mutex)));
}
RT0_EXPORT int cnd_timedwait(cnd_t* cond, mtx_t* mutex, const timespec* until) {
  return result_of(pthread_cond_timedwait(posix(cond), posix(mutex), until));
}

RT0_EXPORT int tss_create(tss_t* key, tss_dtor_t dtor) { return result_of(pthread_key_create(key, dtor)); }
RT0_EXPORT void tss_delete(tss_t key) { pthread_key_delete(key); }
RT0_EXPORT void* tss_get(tss_t key) { return pthread_getspecific(key); }
RT0_EXPORT int tss_set(tss_t key, void* value) { return result_of(pthread_setspecific(key, value)); }

RT0_EXPORT void call_once(once_flag* once, void (*fn)()) {
  pthread_once(reinterpret_cast<pthread_once_t*>(once), fn);
}
