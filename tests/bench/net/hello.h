// What the C and C++ servers share: the listening socket, the answer, the counting of requests.
#pragma once
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char hello[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";
enum { hello_bytes = sizeof hello - 1 };

static inline struct sockaddr_in loopback(int port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((unsigned short)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static inline void no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Several sockets may listen at one port: the kernel deals connections out to them.
static inline int listen_at(int port) {
  const int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const struct sockaddr_in address = loopback(port);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (bind(fd, (const struct sockaddr*)&address, sizeof address) != 0 || listen(fd, 4096) != 0) {
    perror("listen");
    exit(1);
  }
  return fd;
}

// How many requests end within these bytes: each ends with an empty line; the client sends no bodies.
// *matched: how much of "\r\n\r\n" the connection has seen.
static inline int count_requests(const char* bytes, long n, unsigned char* matched) {
  int requests = 0;
  for (long i = 0; i < n; i++) {
    const char wanted = *matched % 2 == 0 ? '\r' : '\n';
    *matched = (unsigned char)(bytes[i] == wanted ? *matched + 1 : bytes[i] == '\r');
    if (*matched == 4) {
      *matched = 0;
      requests++;
    }
  }
  return requests;
}
