// client pingpong PORT      one connection, 64 bytes to an echo server and back: prints `p50 p99`,
// microseconds client idle PORT N PID    N connections that made one request each: prints what PID grew by
// for each,
//                           resident bytes
#define _GNU_SOURCE
#include <time.h>

#include "tests/bench/net/hello.h"

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int dial(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const struct sockaddr_in address = loopback(port);
  if (fd < 0 || connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) {
    perror("connect");
    exit(1);
  }
  no_delay(fd);
  return fd;
}

static int by_value(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

static int pingpong(int port) {
  enum { rounds = 20000, warm_up = 2000, size = 64 };
  static double us[rounds];
  char bytes[size] = {1};
  const int fd = dial(port);
  for (int i = -warm_up; i < rounds; i++) {
    const double start = now_us();
    if (send(fd, bytes, size, 0) != size || recv(fd, bytes, size, MSG_WAITALL) != size) {
      perror("echo");
      return 1;
    }
    if (i >= 0) us[i] = now_us() - start;
  }
  qsort(us, rounds, sizeof us[0], by_value);
  printf("%.2f %.2f\n", us[rounds / 2], us[rounds / 100 * 99]);
  return 0;
}

static double resident_bytes(const char* pid) {
  char path[64];
  long pages = 0;
  snprintf(path, sizeof path, "/proc/%s/statm", pid);
  FILE* file = fopen(path, "r");
  if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) {
    perror(path);
    exit(1);
  }
  fclose(file);
  return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

// One request before the measurement and one for each connection, so that what is made lazily is there.
static void request(int fd) {
  static const char text[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  char answer[512];
  if (send(fd, text, sizeof text - 1, 0) < 0 || recv(fd, answer, sizeof answer, 0) <= 0) {
    perror("request");
    exit(1);
  }
}

static int idle(int port, int connections, const char* pid) {
  request(dial(port));
  usleep(200000);
  const double before = resident_bytes(pid);
  for (int i = 0; i < connections; i++) request(dial(port));
  usleep(500000);
  printf("%.0f\n", (resident_bytes(pid) - before) / connections);
  return 0;
}

int main(int argc, char** argv) {
  if (argc == 3 && strcmp(argv[1], "pingpong") == 0) return pingpong(atoi(argv[2]));
  if (argc == 5 && strcmp(argv[1], "idle") == 0) return idle(atoi(argv[2]), atoi(argv[3]), argv[4]);
  fprintf(stderr, "usage: client pingpong PORT | client idle PORT N PID\n");
  return 2;
}
