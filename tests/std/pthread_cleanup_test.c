// pthread_cleanup_push in C, as it is compiled with and without -fexceptions: which handlers run, in which
// order, and what becomes of the thread's value.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define CHECK(condition)                                                     \
  do {                                                                       \
    if (!(condition)) {                                                      \
      fprintf(stderr, "%s:%d: CHECK(%s)\n", __FILE__, __LINE__, #condition); \
      failures++;                                                            \
    }                                                                        \
  } while (0)

static __thread char trace[64];
static char traced[64];

static void note(void* what) { strcat(trace, what); }

// Hands the trace out, last of all.
static void keep(void* unused) {
  (void)unused;
  strcpy(traced, trace);
}

static void* run(void* (*fn)(void*), const char* expected) {
  pthread_t t;
  void* result = NULL;
  traced[0] = 0;
  CHECK(pthread_create(&t, NULL, fn, NULL) == 0);
  CHECK(pthread_join(t, &result) == 0);
  if (strcmp(traced, expected) != 0) {
    fprintf(stderr, "expected %s, got %s\n", expected, traced);
    failures++;
  }
  return result;
}

static void* pops(void* unused) {
  pthread_cleanup_push(keep, NULL);
  pthread_cleanup_push(note, "a");
  pthread_cleanup_push(note, "b");
  note("1");
  pthread_cleanup_pop(1);
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(1);
  return unused;
}

static __attribute__((noinline)) void deep(int depth) {
  volatile char frame[200];
  frame[0] = (char)depth;
  pthread_cleanup_push(note, depth % 2 != 0 ? "o" : "e");
  if (depth == 0) pthread_exit("ended");
  deep(depth - 1);
  pthread_cleanup_pop(frame[0] != 0);
}

static void* exits_deep(void* unused) {
  pthread_cleanup_push(keep, NULL);
  pthread_cleanup_push(note, "x");
  deep(5);
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
  return unused;
}

static void* defers(void* unused) {
  int type = -1;
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  pthread_cleanup_push(keep, NULL);
  pthread_cleanup_push_defer_np(note, "d");
  CHECK(pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type) == 0);
  CHECK(type == PTHREAD_CANCEL_DEFERRED);
  pthread_cleanup_pop_restore_np(1);
  CHECK(pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type) == 0);
  CHECK(type == PTHREAD_CANCEL_ASYNCHRONOUS);
  pthread_cleanup_pop(1);
  return unused;
}

#ifndef __EXCEPTIONS
static int leaves(const void* a, const void* b) {
  (void)a;
  (void)b;
  pthread_exit("from qsort");
}

static void* exits_in_a_callback(void* unused) {
  int numbers[] = {3, 1, 2};
  pthread_cleanup_push(keep, NULL);
  pthread_cleanup_push(note, "q");
  qsort(numbers, 3, sizeof *numbers, leaves);
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
  return unused;
}
#endif

int main(void) {
  CHECK(run(pops, "1b") == NULL);
  CHECK(strcmp(run(exits_deep, "eoeoeox"), "ended") == 0);
  CHECK(run(defers, "d") == NULL);
#ifndef __EXCEPTIONS  // a C library's callback: the frames below it cannot be seen everywhere
  CHECK(strcmp(run(exits_in_a_callback, "q"), "from qsort") == 0);
#endif
  if (failures == 0) puts("ok");
  return failures != 0;
}
