// net_epoll http|echo PORT: epoll, level-triggered, a loop in each of GOMAXPROCS threads with a listener of
// its own. What a server costs that does nothing else.
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/epoll.h>

#include "tests/bench/net/hello.h"

enum { answers_at_once = 16, max_fds = 65536 };
static int echo, port;
static unsigned char matched[max_fds];

static int answer(int fd, const char* bytes, long n) {
  char answers[answers_at_once * hello_bytes];
  if (echo) return send(fd, bytes, (size_t)n, MSG_NOSIGNAL) == n;
  int requests = count_requests(bytes, n, &matched[fd]);
  while (requests > 0) {
    const int now = requests < answers_at_once ? requests : answers_at_once;
    for (int i = 0; i < now; i++) memcpy(answers + i * hello_bytes, hello, hello_bytes);
    if (send(fd, answers, (size_t)(now * hello_bytes), MSG_NOSIGNAL) < 0) return 0;
    requests -= now;
  }
  return 1;
}

static void* loop(void* unused) {
  (void)unused;
  const int listener = listen_at(port), poll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
  char bytes[4096];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    const int n = epoll_wait(poll, events, 256, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 || fd >= max_fds) continue;
        no_delay(fd);
        matched[fd] = 0;
        event.data.fd = fd;
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
        continue;
      }
      const long got = recv(fd, bytes, sizeof bytes, 0);
      if (got <= 0 || !answer(fd, bytes, got)) close(fd);
    }
  }
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: net_epoll http|echo PORT\n");
    return 2;
  }
  echo = strcmp(argv[1], "echo") == 0;
  port = atoi(argv[2]);
  const char* procs = getenv("GOMAXPROCS");
  for (int i = 1; procs != NULL && i < atoi(procs); i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, loop, NULL) != 0) return 1;
  }
  loop(NULL);
}
