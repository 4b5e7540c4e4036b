// Blocking calls on descriptors: POSIX's results, and others run meanwhile. Also on the epoll back-end.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

struct descriptors {
  int in = -1, out = -1;
  ~descriptors() {
    ::close(in);
    ::close(out);
  }
  void close_out() { ::close(std::exchange(out, -1)); }
  void close_in() { ::close(std::exchange(in, -1)); }
};

struct a_pipe : descriptors {
  explicit a_pipe(int flags = 0) {
    int fds[2];
    REQUIRE(pipe2(fds, flags) == 0);
    in = fds[0];
    out = fds[1];
  }
};

struct a_socketpair : descriptors {
  explicit a_socketpair(int type = SOCK_STREAM) {
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, type, 0, fds) == 0);
    in = fds[0];
    out = fds[1];
  }
};

std::thread later(std::function<void()> f) {
  return std::thread([f = std::move(f)] {
    std::this_thread::sleep_for(3ms);
    f();
  });
}

// A TCP listener on 127.0.0.1.
struct listener {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  listener() {
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    socklen_t bytes = sizeof at;
    REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&at), &bytes) == 0);
    REQUIRE(listen(fd, 64) == 0);
  }
  ~listener() { ::close(fd); }
  int dial() const {
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(connect(client, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    return client;
  }
};

volatile sig_atomic_t pipe_signals = 0;

}  // namespace

TEST_CASE("read waits for a pipe, and sees its end") {
  a_pipe p;
  char text[8] = {};
  std::thread writer = later([&] { CHECK(write(p.out, "abc", 3) == 3); });
  CHECK(read(p.in, text, sizeof text) == 3);
  CHECK(std::string(text) == "abc");
  writer.join();
  std::thread closer = later([&] { p.close_out(); });
  CHECK(read(p.in, text, sizeof text) == 0);
  closer.join();
}

TEST_CASE("a write larger than the pipe waits until all of it is taken") {
  a_pipe p;
  std::vector<char> sent(1 << 20), got;
  for (std::size_t i = 0; i < sent.size(); i++) sent[i] = static_cast<char>(i * 7 + i / 251);
  std::thread reader([&] {
    char piece[5000];
    for (ssize_t n; (n = read(p.in, piece, sizeof piece)) > 0;) got.insert(got.end(), piece, piece + n);
  });
  CHECK(write(p.out, sent.data(), sent.size()) == static_cast<ssize_t>(sent.size()));
  iovec pieces[3] = {{sent.data(), 100'000}, {sent.data(), 0}, {sent.data(), 300'001}};
  CHECK(writev(p.out, pieces, 3) == 400'001);
  p.close_out();
  reader.join();
  REQUIRE(got.size() == sent.size() + 400'001);
  CHECK(memcmp(got.data(), sent.data(), sent.size()) == 0);
  CHECK(memcmp(got.data() + sent.size(), sent.data(), 100'000) == 0);
  CHECK(memcmp(got.data() + sent.size() + 100'000, sent.data(), 300'001) == 0);
}

TEST_CASE("O_NONBLOCK and MSG_DONTWAIT are answered at once; the flags of a descriptor stay") {
  a_pipe p(O_NONBLOCK);
  char c;
  CHECK(read(p.in, &c, 1) == -1);
  CHECK(errno == EAGAIN);
  std::vector<char> much(1 << 20);
  const ssize_t some = write(p.out, much.data(), much.size());
  CHECK(some > 0);
  CHECK(some < static_cast<ssize_t>(much.size()));
  CHECK(write(p.out, much.data(), much.size()) == -1);
  CHECK(errno == EAGAIN);
  a_socketpair s;
  CHECK(recv(s.in, &c, 1, MSG_DONTWAIT) == -1);
  CHECK(errno == EAGAIN);
  CHECK(recv(s.in, &c, 1, MSG_ERRQUEUE) == -1);
  CHECK(errno == EAGAIN);
  a_pipe blocking;
  std::thread writer = later([&] { CHECK(write(blocking.out, "x", 1) == 1); });
  CHECK(read(blocking.in, &c, 1) == 1);
  writer.join();
  CHECK(fcntl(blocking.in, F_GETFL) == O_RDONLY);
  CHECK(fcntl(blocking.out, F_GETFL) == O_WRONLY);
}

TEST_CASE("SO_RCVTIMEO and SO_SNDTIMEO") {
  a_socketpair s;
  const timeval limit{0, 20'000};
  REQUIRE(setsockopt(s.in, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  REQUIRE(setsockopt(s.out, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0);
  char c;
  auto begin = clock_type::now();
  CHECK(read(s.in, &c, 1) == -1);
  CHECK(errno == EAGAIN);
  CHECK(clock_type::now() - begin >= 20ms);
  std::vector<char> much(4 << 20);
  begin = clock_type::now();
  const ssize_t some = send(s.out, much.data(), much.size(), 0);
  CHECK(some > 0);
  CHECK(some < static_cast<ssize_t>(much.size()));
  CHECK(clock_type::now() - begin >= 20ms);
}

TEST_CASE("a broken pipe: EPIPE, and SIGPIPE to whom it is not ignored") {
  struct sigaction counting {
  }, before;
  counting.sa_handler = [](int) { pipe_signals = pipe_signals + 1; };
  REQUIRE(sigaction(SIGPIPE, &counting, &before) == 0);
  const std::vector<char> much(1 << 20);
  for (const bool socket : {false, true}) {
    pipe_signals = 0;
    int in, out;
    {
      int fds[2];
      REQUIRE((socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, fds) : pipe(fds)) == 0);
      in = fds[0];
      out = fds[1];
    }
    std::thread closer = later([&] { ::close(in); });
    ssize_t n;
    while ((n = write(out, much.data(), much.size())) > 0) continue;
    CHECK(n == -1);
    CHECK(errno == EPIPE);
    CHECK(pipe_signals >= 1);
    closer.join();
    if (socket) {
      const int so_far = pipe_signals;
      CHECK(send(out, "x", 1, MSG_NOSIGNAL) == -1);
      CHECK(errno == EPIPE);
      CHECK(pipe_signals == so_far);
    }
    ::close(out);
  }
  sigaction(SIGPIPE, &before, nullptr);
}

TEST_CASE("connect, accept, send, receive, half close") {
  listener l;
  std::thread server([&] {
    for (int i = 0; i < 20; i++) {
      sockaddr_in from{};
      socklen_t bytes = sizeof from;
      const int fd = accept4(l.fd, reinterpret_cast<sockaddr*>(&from), &bytes, SOCK_CLOEXEC);
      REQUIRE(fd >= 0);
      CHECK(bytes == sizeof from);
      CHECK(from.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
      char buffer[64];
      for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;) {
        CHECK(send(fd, buffer, static_cast<std::size_t>(n), 0) == n);
      }
      ::close(fd);
    }
  });
  for (int i = 0; i < 20; i++) {
    const int fd = l.dial();
    const std::string text = "hello " + std::to_string(i);
    CHECK(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    CHECK(shutdown(fd, SHUT_WR) == 0);
    char buffer[64];
    std::string back;
    for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;)
      back.append(buffer, static_cast<std::size_t>(n));
    CHECK(back == text);
    ::close(fd);
  }
  server.join();
}

TEST_CASE("connect to nobody is refused; accept has a timeout") {
  sockaddr_in nobody;
  {
    listener l;
    nobody = l.at;
    const timeval limit{0, 10'000};
    REQUIRE(setsockopt(l.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    CHECK(accept(l.fd, nullptr, nullptr) == -1);
    CHECK(errno == EAGAIN);
  }
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, reinterpret_cast<sockaddr*>(&nobody), sizeof nobody) == -1);
  CHECK(errno == ECONNREFUSED);
  ::close(fd);
  const int unblocked = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  listener l;
  CHECK(connect(unblocked, reinterpret_cast<sockaddr*>(&l.at), sizeof l.at) == -1);
  CHECK(errno == EINPROGRESS);
  pollfd ready{unblocked, POLLOUT, 0};
  CHECK(poll(&ready, 1, 1000) == 1);
  ::close(unblocked);
}

TEST_CASE("datagrams keep their borders and their sender") {
  const int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(a, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  socklen_t bytes = sizeof at;
  REQUIRE(getsockname(a, reinterpret_cast<sockaddr*>(&at), &bytes) == 0);
  std::thread sender = later([&] {
    CHECK(sendto(b, "one", 3, 0, reinterpret_cast<sockaddr*>(&at), sizeof at) == 3);
    CHECK(sendto(b, "three", 5, 0, reinterpret_cast<sockaddr*>(&at), sizeof at) == 5);
  });
  char text[16];
  sockaddr_in from{};
  bytes = sizeof from;
  CHECK(recvfrom(a, text, sizeof text, 0, reinterpret_cast<sockaddr*>(&from), &bytes) == 3);
  CHECK(from.sin_port != 0);
  iovec piece{text, sizeof text};
  msghdr m{};
  m.msg_iov = &piece;
  m.msg_iovlen = 1;
  CHECK(recvmsg(a, &m, 0) == 5);
  sender.join();
  ::close(a);
  ::close(b);
}

TEST_CASE("poll: the first of several, timeouts, closed numbers") {
  a_pipe p[3];
  pollfd fds[4] = {{p[0].in, POLLIN, 0}, {-1, POLLIN, 0}, {p[1].in, POLLIN, 0}, {p[2].in, POLLIN, 0}};
  auto begin = clock_type::now();
  CHECK(poll(fds, 4, 10) == 0);
  CHECK(clock_type::now() - begin >= 10ms);
  std::thread writer = later([&] { CHECK(write(p[1].out, "x", 1) == 1); });
  CHECK(poll(fds, 4, -1) == 1);
  CHECK(fds[2].revents == POLLIN);
  CHECK(fds[0].revents == 0);
  writer.join();
  pollfd none{12'345, POLLIN, 0};
  CHECK(poll(&none, 1, -1) == 1);
  CHECK(none.revents == POLLNVAL);
  begin = clock_type::now();
  CHECK(poll(nullptr, 0, 5) == 0);
  CHECK(clock_type::now() - begin >= 5ms);
}

TEST_CASE("epoll_wait") {
  a_pipe p;
  const int epoll = epoll_create1(0);
  epoll_event want{};
  want.events = EPOLLIN;
  REQUIRE(epoll_ctl(epoll, EPOLL_CTL_ADD, p.in, &want) == 0);
  epoll_event got[4];
  CHECK(epoll_wait(epoll, got, 4, 5) == 0);
  std::thread writer = later([&] { CHECK(write(p.out, "x", 1) == 1); });
  CHECK(epoll_wait(epoll, got, 4, -1) == 1);
  writer.join();
  ::close(epoll);
}

TEST_CASE("eventfd, and a number that comes to mean another file") {
  const int event = eventfd(0, 0);
  std::uint64_t value = 0;
  std::thread writer = later([&] {
    const std::uint64_t seven = 7;
    CHECK(write(event, &seven, 8) == 8);
  });
  CHECK(read(event, &value, 8) == 8);
  CHECK(value == 7);
  writer.join();
  ::close(event);
  a_socketpair s;
  CHECK(s.in == event);
  std::thread sender = later([&] { CHECK(send(s.out, "z", 1, 0) == 1); });
  char c = 0;
  CHECK(read(s.in, &c, 1) == 1);
  CHECK(c == 'z');
  sender.join();
  a_pipe p;
  REQUIRE(dup2(p.in, s.in) == s.in);
  CHECK(write(p.out, "p", 1) == 1);
  CHECK(read(s.in, &c, 1) == 1);
  CHECK(c == 'p');
}

TEST_CASE("files: whole reads, offsets, the end") {
  char name[] = "/tmp/rt0_io_XXXXXX";
  const int fd = mkstemp(name);
  REQUIRE(fd >= 0);
  unlink(name);
  std::vector<char> data(3'000'000);
  for (std::size_t i = 0; i < data.size(); i++) data[i] = static_cast<char>(i ^ i >> 9);
  REQUIRE(write(fd, data.data(), data.size()) == static_cast<ssize_t>(data.size()));
  (void)fsync(fd);
  (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  std::vector<char> back(data.size() + 10);
  CHECK(pread(fd, back.data(), data.size(), 0) == static_cast<ssize_t>(data.size()));
  CHECK(memcmp(back.data(), data.data(), data.size()) == 0);
  (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  REQUIRE(lseek(fd, 1000, SEEK_SET) == 1000);
  CHECK(read(fd, back.data(), back.size()) == static_cast<ssize_t>(data.size()) - 1000);
  CHECK(memcmp(back.data(), data.data() + 1000, data.size() - 1000) == 0);
  CHECK(read(fd, back.data(), 10) == 0);
  iovec pieces[2] = {{back.data(), 10}, {back.data() + 10, 2'000'000}};
  CHECK(preadv(fd, pieces, 2, 5) == 2'000'010);
  CHECK(memcmp(back.data(), data.data() + 5, 2'000'010) == 0);
  ::close(fd);
}

TEST_CASE("64 MiB through a pipe and a socketpair in pieces of random sizes") {
  constexpr std::size_t total = 64 << 20;
  for (const bool socket : {false, true}) {
    int fds[2];
    REQUIRE((socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, fds) : pipe(fds)) == 0);
    std::uint64_t sent_sum = 0, got_sum = 0;
    std::size_t got = 0;
    std::thread reader([&] {
      std::minstd_rand random(2);
      std::vector<unsigned char> piece(200'000);
      for (;;) {
        const ssize_t n = read(fds[0], piece.data(), 1 + random() % piece.size());
        if (n <= 0) break;
        for (ssize_t i = 0; i < n; i++) got_sum = got_sum * 31 + piece[static_cast<std::size_t>(i)];
        got += static_cast<std::size_t>(n);
      }
    });
    std::minstd_rand random(1);
    std::vector<unsigned char> piece(200'000);
    for (auto& byte : piece) byte = static_cast<unsigned char>(random());
    for (std::size_t sent = 0; sent < total;) {
      const std::size_t n = std::min<std::size_t>(1 + random() % piece.size(), total - sent);
      REQUIRE(write(fds[1], piece.data(), n) == static_cast<ssize_t>(n));
      for (std::size_t i = 0; i < n; i++) sent_sum = sent_sum * 31 + piece[i];
      sent += n;
    }
    ::close(fds[1]);
    reader.join();
    ::close(fds[0]);
    CHECK(got == total);
    CHECK(got_sum == sent_sum);
  }
}

TEST_CASE("500 blocked readers are not 500 kernel threads") {
  std::vector<a_pipe> pipes(500);
  std::vector<std::thread> readers;
  std::atomic<int> read_all{0};
  for (auto& p : pipes) {
    readers.emplace_back([&] {
      char c;
      CHECK(read(p.in, &c, 1) == 1);
      read_all++;
    });
  }
  std::this_thread::sleep_for(20ms);
  char status[4096] = {};
  const int fd = open("/proc/self/status", O_RDONLY);
  REQUIRE(read(fd, status, sizeof status - 1) > 0);
  ::close(fd);
  const int threads = atoi(strstr(status, "Threads:") + 8);
  CHECK(threads <= 20);
  for (auto& p : pipes) CHECK(write(p.out, "x", 1) == 1);
  for (auto& r : readers) r.join();
  CHECK(read_all == 500);
}
