// exec_median ROUNDS NAME=PROGRAM...: fork + exec + wait of each program in turn, ROUNDS times; prints `NAME
// start_us MEDIAN us` and `NAME start_min_us MIN us`.
//
// For start_bench.sh. The programs take turns within a round, so that a slow moment of the machine falls on
// all alike, and each round begins with another. Built static: the parent's page tables are then small and
// fork is cheap. After warm-up rounds that are not counted. Options rejected: vfork or posix_spawn (faster,
// but the peers' figures are fork's).
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { max_programs = 8, warm_up_rounds = 10 };

extern char** environ;

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int by_value(const void* a, const void* b) {
  double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

// One life of program, in microseconds; ends the bench if it does not end well.
static double once_us(char* program, int null) {
  char* argv[] = {program, NULL};
  double start = now_us();
  pid_t pid = fork();
  if (pid == 0) {
    dup2(null, 1);
    execve(program, argv, environ);
    _exit(127);
  }
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
    fprintf(stderr, "exec_median: %s: wait status %#x\n", program, status);
    exit(1);
  }
  return now_us() - start;
}

int main(int argc, char** argv) {
  int rounds = argc > 2 ? atoi(argv[1]) : 0, programs = argc - 2;
  if (rounds < 1 || programs > max_programs) {
    fprintf(stderr, "usage: exec_median ROUNDS NAME=PROGRAM...\n");
    return 2;
  }
  char* path[max_programs];
  double* us[max_programs];
  for (int p = 0; p < programs; p++) {
    path[p] = strchr(argv[p + 2], '=');
    if (!path[p]) return fprintf(stderr, "exec_median: no name in %s\n", argv[p + 2]), 2;
    *path[p]++ = 0;
    us[p] = calloc((size_t)rounds, sizeof *us[p]);
    if (!us[p]) return perror("exec_median"), 1;
  }
  int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  for (int r = -warm_up_rounds; r < rounds; r++)
    for (int k = 0; k < programs; k++) {
      int p = (k + r + warm_up_rounds) % programs;
      double t = once_us(path[p], null);
      if (r >= 0) us[p][r] = t;
    }
  for (int p = 0; p < programs; p++) {
    qsort(us[p], (size_t)rounds, sizeof *us[p], by_value);
    const char* name = argv[p + 2];
    printf("%s start_us %.1f us\n%s start_min_us %.1f us\n", name, us[p][rounds / 2], name, us[p][0]);
  }
}
