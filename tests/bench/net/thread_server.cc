// thread_server http|echo PORT: a thread for each connection, in POSIX sockets and std::thread. Built on rt0,
// where a thread is a goroutine, and by the machine's own compiler. No rt0 header.
#include <sys/resource.h>

#include <thread>

#include "tests/bench/net/hello.h"

namespace {

bool send_all(int fd, const char* bytes, ssize_t n) {
  while (n > 0) {
    const ssize_t sent = send(fd, bytes, static_cast<size_t>(n), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes += sent;
    n -= sent;
  }
  return true;
}

bool answer(int fd, const char* bytes, ssize_t n, unsigned char* matched) {
  for (int requests = count_requests(bytes, n, matched); requests > 0; requests--) {
    if (!send_all(fd, hello, hello_bytes)) return false;
  }
  return true;
}

void serve(int fd, bool echo) {
  no_delay(fd);
  char buffer[1024];
  unsigned char matched = 0;
  for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;) {
    if (!(echo ? send_all(fd, buffer, n) : answer(fd, buffer, n, &matched))) break;
  }
  close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: thread_server http|echo PORT\n");
    return 2;
  }
  const bool echo = strcmp(argv[1], "echo") == 0;
  const int listener = listen_at(atoi(argv[2]));
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      perror("accept");
      return 1;
    }
    std::thread(serve, fd, echo).detach();
  }
}
