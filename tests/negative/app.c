// A C program for links_test.sh: stdio, malloc, a pthread.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void* body(void* p) {
  *(int*)p = 6;
  return NULL;
}

int main(void) {
  int* n = malloc(sizeof *n);
  pthread_t t;
  if (!n || pthread_create(&t, NULL, body, n) || pthread_join(t, NULL)) return 1;
  printf("app in C %d\n", *n);
  free(n);
  return 0;
}
