// C11's <threads.h>, in C: every function once, and what it answers.
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

static int failures;

#define CHECK(condition)                                                     \
  do {                                                                       \
    if (!(condition)) {                                                      \
      fprintf(stderr, "%s:%d: CHECK(%s)\n", __FILE__, __LINE__, #condition); \
      failures++;                                                            \
    }                                                                        \
  } while (0)

static mtx_t mutex;
static cnd_t cond;
static int turn;
static atomic_int once_calls, dtor_calls;
static once_flag once = ONCE_FLAG_INIT;
static tss_t key;

static void count_once(void) { once_calls++; }

static void count_dtor(void* value) { dtor_calls += *(int*)value; }

static int player(void* arg) {
  const int me = *(int*)arg;
  static int one = 1;
  call_once(&once, count_once);
  CHECK(tss_get(key) == NULL);
  CHECK(tss_set(key, &one) == thrd_success);
  CHECK(tss_get(key) == &one);
  for (int round = 0; round < 100; round++) {
    CHECK(mtx_lock(&mutex) == thrd_success);
    while (turn % 2 != me) CHECK(cnd_wait(&cond, &mutex) == thrd_success);
    turn++;
    CHECK(cnd_broadcast(&cond) == thrd_success);
    CHECK(mtx_unlock(&mutex) == thrd_success);
  }
  if (me == 1) thrd_exit(-41);
  return 40;
}

static void test_threads(void) {
  int ids[2] = {0, 1}, results[2] = {0, 0};
  thrd_t threads[2];
  CHECK(tss_create(&key, count_dtor) == thrd_success);
  for (int i = 0; i < 2; i++) CHECK(thrd_create(&threads[i], player, &ids[i]) == thrd_success);
  CHECK(!thrd_equal(threads[0], threads[1]));
  CHECK(thrd_equal(thrd_current(), thrd_current()));
  for (int i = 0; i < 2; i++) CHECK(thrd_join(threads[i], &results[i]) == thrd_success);
  CHECK(results[0] == 40);
  CHECK(results[1] == -41);
  CHECK(turn == 200);
  CHECK(once_calls == 1);
  CHECK(dtor_calls == 2);
  tss_delete(key);
}

static struct timespec soon(void) {
  struct timespec now;
  CHECK(timespec_get(&now, TIME_UTC) == TIME_UTC);
  now.tv_nsec += 2000000;
  if (now.tv_nsec >= 1000000000) {
    now.tv_nsec -= 1000000000;
    now.tv_sec++;
  }
  return now;
}

static int holds_for_main(void* arg) {
  mtx_t* m = arg;
  const struct timespec until = soon();
  CHECK(mtx_trylock(m) == thrd_busy);
  CHECK(mtx_timedlock(m, &until) == thrd_timedout);
  return 0;
}

static void test_mutexes(void) {
  mtx_t timed, recursive;
  thrd_t t;
  CHECK(mtx_init(&timed, mtx_timed) == thrd_success);
  CHECK(mtx_lock(&timed) == thrd_success);
  CHECK(thrd_create(&t, holds_for_main, &timed) == thrd_success);
  CHECK(thrd_join(t, NULL) == thrd_success);
  CHECK(mtx_unlock(&timed) == thrd_success);
  mtx_destroy(&timed);
  CHECK(mtx_init(&recursive, mtx_plain | mtx_recursive) == thrd_success);
  CHECK(mtx_lock(&recursive) == thrd_success);
  CHECK(mtx_trylock(&recursive) == thrd_success);
  CHECK(mtx_unlock(&recursive) == thrd_success);
  CHECK(mtx_unlock(&recursive) == thrd_success);
  mtx_destroy(&recursive);
}

static int detached(void* arg) {
  atomic_int* done = arg;
  thrd_yield();
  *done = 1;
  return 0;
}

int main(void) {
  CHECK(mtx_init(&mutex, mtx_plain) == thrd_success);
  CHECK(cnd_init(&cond) == thrd_success);
  test_threads();
  test_mutexes();

  struct timespec until = soon();
  CHECK(mtx_lock(&mutex) == thrd_success);
  CHECK(cnd_signal(&cond) == thrd_success);
  CHECK(cnd_timedwait(&cond, &mutex, &until) == thrd_timedout);
  CHECK(mtx_unlock(&mutex) == thrd_success);
  cnd_destroy(&cond);
  mtx_destroy(&mutex);

  static atomic_int done;
  thrd_t t;
  CHECK(thrd_create(&t, detached, &done) == thrd_success);
  CHECK(thrd_detach(t) == thrd_success);
  const struct timespec pause = {0, 1000000};
  while (!done) CHECK(thrd_sleep(&pause, NULL) == 0);
  const struct timespec nonsense = {0, 2000000000};
  CHECK(thrd_sleep(&nonsense, NULL) < -1);

  if (failures == 0) puts("ok");
  return failures != 0;
}
