// Waits for many descriptors, for children and for several messages: POSIX's results, and others run
// meanwhile, on no more kernel threads. Also without the ring, and under faults of the kernel's.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

struct a_pipe {
  int in = -1, out = -1;
  a_pipe() {
    int fds[2];
    REQUIRE(pipe(fds) == 0);
    in = fds[0];
    out = fds[1];
  }
  ~a_pipe() {
    ::close(in);
    ::close(out);
  }
  a_pipe(const a_pipe&) = delete;
};

int kernel_threads() {
  char status[4096] = {};
  const int fd = open("/proc/self/status", O_RDONLY);
  REQUIRE(read(fd, status, sizeof status - 1) > 0);
  ::close(fd);
  return atoi(strstr(status, "Threads:") + 8);
}

// `count` threads each make the wait, all at once; then each is ended.
template <class Wait, class End>
void all_wait(int count, Wait wait, End end) {
  std::vector<std::thread> threads;
  std::latch waiting(count);
  std::atomic<int> ended{0};
  for (int i = 0; i < count; i++) {
    threads.emplace_back([&, i] {
      waiting.count_down();
      wait(i);
      ended++;
    });
  }
  waiting.wait();
  std::this_thread::sleep_for(20ms);
  CHECK(ended == 0);
#ifdef RT0_WAITS_PARK
  CHECK(kernel_threads() <= 20);
#endif
  for (int i = 0; i < count; i++) end(i);
  for (auto& t : threads) t.join();
  CHECK(ended == count);
}

}  // namespace

TEST_CASE("poll of 200 descriptors in 100 threads") {
  std::vector<a_pipe> common(200), own(100);
  all_wait(
      100,
      [&](int i) {
        std::vector<pollfd> fds;
        for (const a_pipe& p : common) fds.push_back({p.in, POLLIN, 0});
        fds.push_back({own[static_cast<std::size_t>(i)].in, POLLIN, 0});
        fds.push_back({-1, POLLIN, 0});
        CHECK(poll(fds.data(), fds.size(), -1) == 1);
        CHECK(fds[200].revents == POLLIN);
        CHECK(fds[0].revents == 0);
      },
      [&](int i) { CHECK(write(own[static_cast<std::size_t>(i)].out, "x", 1) == 1); });
}

TEST_CASE("ppoll: its time, its mask") {
  std::vector<a_pipe> pipes(20);
  std::vector<pollfd> fds;
  for (const a_pipe& p : pipes) fds.push_back({p.in, POLLIN, 0});
  timespec time{0, 20'000'000};
  const auto begin = clock_type::now();
  CHECK(ppoll(fds.data(), fds.size(), &time, nullptr) == 0);
  CHECK(clock_type::now() - begin >= 20ms);
  time = {-1, 0};
  CHECK(ppoll(fds.data(), fds.size(), &time, nullptr) == -1);
  CHECK(errno == EINVAL);
  std::thread writer([&] {
    std::this_thread::sleep_for(3ms);
    CHECK(write(pipes[19].out, "x", 1) == 1);
  });
  CHECK(ppoll(fds.data(), fds.size(), nullptr, nullptr) == 1);
  CHECK(fds[19].revents == POLLIN);
  writer.join();
}

TEST_CASE("select: sets, limits, errors, time") {
  std::vector<a_pipe> pipes(100);
  const int top = pipes.back().out + 1;
  REQUIRE(top <= FD_SETSIZE);
  all_wait(
      100,
      [&](int i) {
        const int in = pipes[static_cast<std::size_t>(i)].in;
        fd_set reads;
        FD_ZERO(&reads);
        FD_SET(in, &reads);
        CHECK(select(top, &reads, nullptr, nullptr, nullptr) == 1);
        CHECK(FD_ISSET(in, &reads));
      },
      [&](int i) { CHECK(write(pipes[static_cast<std::size_t>(i)].out, "x", 1) == 1); });
  fd_set reads, writes;
  FD_ZERO(&reads);
  FD_ZERO(&writes);
  FD_SET(pipes[0].in, &reads);
  FD_SET(pipes[1].in, &reads);
  FD_SET(pipes[2].out, &writes);
  CHECK(select(top, &reads, &writes, nullptr, nullptr) == 3);
  char c;
  CHECK(read(pipes[0].in, &c, 1) == 1);
  FD_ZERO(&reads);
  FD_SET(pipes[0].in, &reads);
  timeval time{0, 10'000};
  const auto begin = clock_type::now();
  CHECK(select(top, &reads, nullptr, nullptr, &time) == 0);
  CHECK(clock_type::now() - begin >= 10ms);
  CHECK(!FD_ISSET(pipes[0].in, &reads));
  timespec at_once{};
  FD_SET(pipes[0].in, &reads);
  CHECK(pselect(top, &reads, nullptr, nullptr, &at_once, nullptr) == 0);
  FD_ZERO(&reads);
  const int unopened = top + 50;
  FD_SET(unopened, &reads);
  CHECK(select(unopened + 1, &reads, nullptr, nullptr, nullptr) == -1);
  CHECK(errno == EBADF);
  CHECK(FD_ISSET(unopened, &reads));
  CHECK(select(-1, nullptr, nullptr, nullptr, nullptr) == -1);
  CHECK(errno == EINVAL);
  time = {0, 5'000};
  CHECK(select(0, nullptr, nullptr, nullptr, &time) == 0);
}

namespace {
volatile sig_atomic_t handled = 0;
}

TEST_CASE("pselect and ppoll take their mask, and a handler ends them") {
  struct sigaction counting {
  }, before;
  counting.sa_handler = [](int) { handled = handled + 1; };
  counting.sa_flags = SA_RESTART;
  REQUIRE(sigaction(SIGUSR1, &counting, &before) == 0);
  sigset_t usr1, none;
  sigemptyset(&none);
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  REQUIRE(pthread_sigmask(SIG_BLOCK, &usr1, nullptr) == 0);
  a_pipe p;
  for (int round = 0; round < 50; round++) {
    handled = 0;
    const pthread_t self = pthread_self();
    std::thread sender([&] {
      for (int i = 0; i < round % 5; i++) std::this_thread::yield();
      pthread_kill(self, SIGUSR1);
    });
    if (round % 2 == 0) {
      fd_set reads;
      FD_ZERO(&reads);
      FD_SET(p.in, &reads);
      CHECK(pselect(p.in + 1, &reads, nullptr, nullptr, nullptr, &none) == -1);
    } else {
      pollfd one{p.in, POLLIN, 0};
      CHECK(ppoll(&one, 1, nullptr, &none) == -1);
    }
    CHECK(errno == EINTR);
    CHECK(handled == 1);
    sender.join();
  }
  REQUIRE(pthread_sigmask(SIG_UNBLOCK, &usr1, nullptr) == 0);
  sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE("waitpid, waitid and wait4 for 60 children") {
  constexpr int children = 60;
  std::vector<a_pipe> ends(children);
  std::vector<pid_t> pids(children);
  for (int i = 0; i < children; i++) {
    a_pipe& end = ends[static_cast<std::size_t>(i)];
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      char c;
      for (const a_pipe& other : ends) ::close(other.out);
      _exit(read(end.in, &c, 1) == 1 ? i : 255);
    }
    pids[static_cast<std::size_t>(i)] = pid;
  }
  all_wait(
      children,
      [&](int i) {
        const pid_t pid = pids[static_cast<std::size_t>(i)];
        if (i % 2 == 0) {
          int status = 0;
          CHECK(waitpid(pid, &status, 0) == pid);
          CHECK(WEXITSTATUS(status) == i);
        } else {
          siginfo_t info{};
          CHECK(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) == 0);
          CHECK(info.si_pid == pid);
          CHECK(info.si_status == i);
        }
      },
      [&](int i) { CHECK(write(ends[static_cast<std::size_t>(i)].out, "x", 1) == 1); });
  CHECK(wait(nullptr) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE("any child, stopped children, several who wait for any") {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    raise(SIGSTOP);
    _exit(3);
  }
  int status = 0;
  CHECK(waitpid(-1, &status, WUNTRACED) == pid);
  CHECK(WIFSTOPPED(status));
  siginfo_t info{};
  CHECK(waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0);
  CHECK(info.si_pid == 0);
  std::atomic<int> got{0}, none{0};
  std::vector<std::thread> waiters;
  for (int i = 0; i < 4; i++) {
    waiters.emplace_back([&] {
      int how = 0;
      const pid_t who = waitpid(-1, &how, 0);
      if (who == pid && WEXITSTATUS(how) == 3) got++;
      if (who == -1 && errno == ECHILD) none++;
    });
  }
  std::this_thread::sleep_for(5ms);
  kill(pid, SIGCONT);
  for (auto& w : waiters) w.join();
  CHECK(got == 1);
  CHECK(none == 3);
}

TEST_CASE("recvmmsg and sendmmsg") {
  int fds[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
  char room[8][16];
  iovec pieces[8];
  mmsghdr messages[8]{};
  for (int i = 0; i < 8; i++) {
    pieces[i] = {room[i], sizeof room[i]};
    messages[i].msg_hdr.msg_iov = &pieces[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  std::thread sender([&] {
    char text[3] = {'a', 'b', 'c'};
    iovec piece{text, sizeof text};
    mmsghdr out[5]{};
    for (auto& m : out) {
      m.msg_hdr.msg_iov = &piece;
      m.msg_hdr.msg_iovlen = 1;
    }
    std::this_thread::sleep_for(3ms);
    CHECK(sendmmsg(fds[1], out, 5, 0) == 5);
    std::this_thread::sleep_for(3ms);
    CHECK(sendmmsg(fds[1], out, 3, 0) == 3);
  });
  CHECK(recvmmsg(fds[0], messages, 8, 0, nullptr) == 8);
  for (const auto& m : messages) CHECK(m.msg_len == 3);
  sender.join();
  CHECK(recvmmsg(fds[0], messages, 8, MSG_DONTWAIT, nullptr) == -1);
  CHECK(errno == EAGAIN);
  CHECK(write(fds[1], "one", 3) == 3);
  CHECK(recvmmsg(fds[0], messages, 8, MSG_WAITFORONE, nullptr) == 1);
  const timeval limit{0, 10'000};
  REQUIRE(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  CHECK(recvmmsg(fds[0], messages, 8, 0, nullptr) == -1);
  CHECK(errno == EAGAIN);
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST_CASE("a datagram waits for a receiver that is full, whether it is connected or not") {
  for (const bool connected : {false, true}) {
    const int to = socket(AF_UNIX, SOCK_DGRAM, 0), from = socket(AF_UNIX, SOCK_DGRAM, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    socklen_t bytes = sizeof(sa_family_t);
    REQUIRE(bind(to, reinterpret_cast<sockaddr*>(&at), bytes) == 0);  // a name of the kernel's choice
    bytes = sizeof at;
    REQUIRE(getsockname(to, reinterpret_cast<sockaddr*>(&at), &bytes) == 0);
    if (connected) REQUIRE(connect(from, reinterpret_cast<sockaddr*>(&at), bytes) == 0);
    sockaddr* const name = connected ? nullptr : reinterpret_cast<sockaddr*>(&at);
    if (connected) bytes = 0;
    int queued = 0;
    while (sendto(from, "x", 1, MSG_DONTWAIT, name, bytes) == 1) queued++;
    CHECK(errno == EAGAIN);
    std::thread reader([&] {
      std::this_thread::sleep_for(3ms);
      char c;
      for (int i = 0; i < queued + 3; i++) CHECK(recv(to, &c, 1, 0) == 1);
    });
    for (int i = 0; i < 3; i++) CHECK(sendto(from, "y", 1, 0, name, bytes) == 1);
    reader.join();
    ::close(to);
    ::close(from);
  }
}

TEST_CASE("flags and timeouts that change between two reads of a socket, by a dup'ed number too") {
  int fds[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
  const int other = dup(fds[0]);
  char c;
  for (int round = 0; round < 20; round++) {
    std::thread writer([&] {
      std::this_thread::sleep_for(1ms);
      CHECK(write(fds[1], "x", 1) == 1);
    });
    CHECK(read(fds[0], &c, 1) == 1);
    writer.join();
    REQUIRE(fcntl(other, F_SETFL, O_NONBLOCK) == 0);
    CHECK(read(fds[0], &c, 1) == -1);
    CHECK(errno == EAGAIN);
    REQUIRE(fcntl(other, F_SETFL, 0) == 0);
    timeval limit{0, 2'000};
    REQUIRE(setsockopt(other, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    const auto begin = clock_type::now();
    CHECK(read(fds[0], &c, 1) == -1);
    CHECK(errno == EAGAIN);
    CHECK(clock_type::now() - begin >= 2ms);
    limit = {};
    REQUIRE(setsockopt(other, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  }
  for (const int fd : {fds[0], fds[1], other}) ::close(fd);
}

TEST_CASE("epoll of many threads, one of which is told") {
  a_pipe p;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event want{};
  want.events = EPOLLIN | EPOLLEXCLUSIVE;
  REQUIRE(epoll_ctl(epoll, EPOLL_CTL_ADD, p.in, &want) == 0);
  all_wait(
      40,
      [&](int) {
        epoll_event got;
        CHECK(epoll_wait(epoll, &got, 1, -1) == 1);
      },
      [&](int i) {
        if (i == 0) CHECK(write(p.out, "x", 1) == 1);  // by level: all are told
      });
  ::close(epoll);
}
