// server NOFILE: a server as it was always written: a thread per connection, which echoes until the end.
//
// Prints its port, then answers each word on standard input by a line: how many connections live, how many
// threads served one, and how often accept had no descriptor.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

namespace {

std::atomic<long> live{0}, served{0}, refused{0};

bool write_all(int fd, const char* from, ssize_t bytes) {
  while (bytes > 0) {
    const ssize_t n = write(fd, from, static_cast<std::size_t>(bytes));
    if (n <= 0) return false;
    from += n;
    bytes -= n;
  }
  return true;
}

void serve(int fd) {
  char piece[2048];
  for (ssize_t n; (n = read(fd, piece, sizeof piece)) > 0;) {
    if (!write_all(fd, piece, n)) break;
  }
  close(fd);
  served++;
  live--;
}

void accept_all(int listener) {
  for (;;) {
    const int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) {
      if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;
      refused++;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    live++;
    std::thread(serve, fd).detach();
  }
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = argc > 1 ? strtoul(argv[1], nullptr, 10) : limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof at;
  if (bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || listen(listener, 4096) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&at), &bytes) != 0) {
    return 1;
  }
  std::cout << ntohs(at.sin_port) << std::endl;
  std::thread(accept_all, listener).detach();
  for (std::string word; std::cin >> word;) {
    std::cout << live << " " << served << " " << refused << std::endl;
  }
}
