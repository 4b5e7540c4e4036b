// Operations on descriptors park goroutines; run with the ring and without it.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "runtime/io/netpoll.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <poll.h>
#include <rt/go.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <thread>
#include <vector>

#include "rt0/arch.h"
#include "sys/clock.h"

namespace {

using namespace std::chrono_literals;

struct pair_of {
  int in, out;
  pair_of() {
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    in = fds[0];
    out = fds[1];
  }
  ~pair_of() {
    ::close(in);
    ::close(out);
  }
};

rt0::ring_op recv_op(int fd, void* to, std::uint32_t bytes) {
  return {IORING_OP_RECV, fd, 0, reinterpret_cast<std::uint64_t>(to), bytes, 0};
}

long receive(int fd, char& to, std::int64_t deadline_ns = rt0::forever) {
  rt0::io_waiter waiter;
  return rt0::netpoll_complete(recv_op(fd, &to, 1), nullptr, deadline_ns, waiter);
}

void put(int fd, char c) { REQUIRE(::send(fd, &c, 1, MSG_DONTWAIT) == 1); }

std::int64_t in_ms(int ms) { return rt0::sys::nanotime() + ms * 1'000'000LL; }

}  // namespace

TEST_CASE("data that is there, and data that comes") {
  pair_of s;
  char c = 0;
  put(s.out, 'a');
  CHECK(receive(s.in, c) == 1);
  CHECK(c == 'a');
  std::thread later([&] {
    std::this_thread::sleep_for(5ms);
    put(s.out, 'b');
  });
  CHECK(receive(s.in, c) == 1);
  CHECK(c == 'b');
  later.join();
}

TEST_CASE("others run meanwhile, on one P as well") {
  const int before = rt::gomaxprocs(1);
  pair_of s;
  std::atomic<bool> done{false};
  std::thread reader([&] {
    char c;
    CHECK(receive(s.in, c) == 1);
    done = true;
  });
  for (int i = 0; i < 1000; i++) std::this_thread::yield();
  CHECK(!done);
  put(s.out, 'x');
  reader.join();
  CHECK(done);
  rt::gomaxprocs(before);
}

TEST_CASE("a deadline ends the wait and takes nothing") {
  pair_of s;
  char c = 0;
  const std::int64_t begin = rt0::sys::nanotime();
  CHECK(receive(s.in, c, in_ms(10)) == -ETIMEDOUT);
  CHECK(rt0::sys::nanotime() - begin >= 10'000'000);
  put(s.out, 'd');
  CHECK(receive(s.in, c, in_ms(1000)) == 1);
  CHECK(c == 'd');
  CHECK(receive(s.in, c, in_ms(-1)) == -ETIMEDOUT);
}

TEST_CASE("errors are the kernel's") {
  char c;
  CHECK(receive(123'456, c) == -EBADF);
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  CHECK(receive(pipes[0], c) == -ENOTSOCK);
  ::close(pipes[0]);
  ::close(pipes[1]);
}

TEST_CASE("the first of several, of very many, and none") {
  REQUIRE(rt0::netpoll_open());
  std::vector<pair_of> s(100);
  std::vector<pollfd> fds;
  for (const pair_of& one : s) fds.push_back({one.in, POLLIN, 0});
  std::vector<rt0::poll_set::node> nodes(fds.size());
  const auto asked = [&] { return ::poll(fds.data(), fds.size(), 0); };
  for (std::size_t round = 0; round < 200; round++) {
    const std::size_t which = round * 7 % s.size();
    std::thread later([&] { put(s[which].out, 'x'); });
    {
      rt0::poll_set set(fds.data(), fds.size(), nodes.data());
      REQUIRE(set.valid());
      for (std::uint32_t seen = set.seen(); asked() == 0; seen = set.seen()) {
        CHECK(set.wait(seen, rt0::forever) == 0);
      }
    }
    for (std::size_t i = 0; i < s.size(); i++) CHECK(fds[i].revents == (i == which ? POLLIN : 0));
    later.join();
    char c;
    CHECK(receive(s[which].in, c) == 1);
  }
  rt0::poll_set set(fds.data(), fds.size(), nodes.data());
  const std::int64_t deadline_ns = in_ms(5);
  long how = 0;
  while (how == 0) {  // the last round's edge may come now
    const std::uint32_t seen = set.seen();
    CHECK(asked() == 0);
    how = set.wait(seen, deadline_ns);
  }
  CHECK(how == -ETIMEDOUT);
  CHECK(rt0::sys::nanotime() >= deadline_ns);
}

TEST_CASE("a socket that a short read has emptied is not asked again, and loses nothing") {
  int fds[2];
  {
    const int l = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof at;
    REQUIRE(bind(l, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    REQUIRE(listen(l, 1) == 0);
    REQUIRE(getsockname(l, reinterpret_cast<sockaddr*>(&at), &bytes) == 0);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(connect(fds[0], reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    fds[1] = accept(l, nullptr, nullptr);
    ::close(l);
  }
  char text[16];
  rt0::io_waiter waiter;
  const rt0::ring_op op = recv_op(fds[1], text, sizeof text);
  CHECK(rt0::netpoll_complete(op, nullptr, in_ms(1), waiter) == -ETIMEDOUT);  // registers
  for (int round = 0; round < 100; round++) {
    put(fds[0], 'a');
    CHECK(rt0::netpoll_complete(op, nullptr, rt0::forever, waiter) == 1);
    CHECK(rt0::netpoll_look(fds[1]).empty);
    std::thread later([&] {
      for (int i = 0; i < round % 4; i++) std::this_thread::yield();
      put(fds[0], 'b');
    });
    CHECK(rt0::netpoll_complete(op, nullptr, rt0::forever, waiter) == 1);
    later.join();
  }
  // The end comes with the data, in one edge: a short read is not the last.
  put(fds[0], 'c');
  ::close(fds[0]);
  CHECK(rt0::netpoll_complete(op, nullptr, rt0::forever, waiter) == 1);
  CHECK(rt0::netpoll_complete(op, nullptr, rt0::forever, waiter) == 0);
  ::close(fds[1]);
}

TEST_CASE("a number that comes to mean another file is registered anew") {
  for (int round = 0; round < 200; round++) {
    int first[2], second[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, first) == 0);
    char c;
    CHECK(receive(first[0], c, in_ms(-1)) == -ETIMEDOUT);
    const int kept = dup(first[0]);  // the file lives on, and its edges are nobody's
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, second) == 0);
    if (round % 2 == 0) {
      REQUIRE(dup2(second[0], first[0]) == first[0]);
    } else {
      ::close(first[0]);
      REQUIRE(fcntl(second[0], F_DUPFD, first[0]) == first[0]);
    }
    put(first[1], 'o');
    std::thread later([&] { put(second[1], 'n'); });
    CHECK(receive(first[0], c) == 1);
    CHECK(c == 'n');
    later.join();
    for (const int fd : {first[0], first[1], second[0], second[1], kept}) ::close(fd);
  }
}

TEST_CASE("a wait that somebody cancels takes nothing") {
  pair_of s;
  char c = 0;
  for (int round = 0; round < 200; round++) {
    rt0::io_waiter waiter;
    std::thread other([&] {
      for (int i = 0; i < round % 5; i++) std::this_thread::yield();
      rt0::netpoll_cancel(waiter);
    });
    CHECK(rt0::netpoll_complete(recv_op(s.in, &c, 1), nullptr, rt0::forever, waiter) == -ECANCELED);
    other.join();
    CHECK(rt0::netpoll_complete(recv_op(s.in, &c, 1), nullptr, rt0::forever, waiter) ==
          -ECANCELED);  // the next one, too
  }
  put(s.out, 'e');
  CHECK(receive(s.in, c) == 1);
  CHECK(c == 'e');
}

TEST_CASE("a timer that comes while the poller sleeps in the kernel") {
  pair_of s;
  std::thread reader([&] {
    char c;
    CHECK(receive(s.in, c) == 1);
  });
  std::this_thread::sleep_for(5ms);
  std::thread sleepers[8];
  for (auto& one : sleepers) {
    one = std::thread([] {
      for (int i = 0; i < 50; i++) {
        const std::int64_t begin = rt0::sys::nanotime();
        std::this_thread::sleep_for(500us);
        CHECK(rt0::sys::nanotime() - begin >= 500'000);
      }
    });
  }
  for (auto& one : sleepers) one.join();
  put(s.out, 'x');
  reader.join();
}

TEST_CASE("completions are seen while every P computes") {
  pair_of s;
  std::atomic<bool> stop{false}, seen{false};
  std::vector<std::thread> hogs;
  for (int i = 0; i < rt::gomaxprocs(0); i++) {
    hogs.emplace_back([&] {
      for (volatile long n = 0; !stop; n = n + 1) continue;
    });
  }
  std::thread reader([&] {
    char c;
    CHECK(receive(s.in, c) == 1);
    seen = true;
    stop = true;
  });
  std::this_thread::sleep_for(10ms);
  put(s.out, 'x');
  reader.join();
  for (auto& hog : hogs) hog.join();
  CHECK(seen);
}

TEST_CASE("what comes while the poller's goroutine computes is seen") {
  pair_of a, b;
  const pid_t peer = fork();
  REQUIRE(peer >= 0);
  if (peer == 0) {
    std::this_thread::sleep_for(5ms);
    (void)!write(a.out, "a", 1);
    std::this_thread::sleep_for(5ms);
    (void)!write(b.out, "b", 1);
    _exit(0);
  }
  std::atomic<bool> seen{false};
  std::thread computes([&] {
    char c;
    CHECK(receive(a.in, c) == 1);
    while (!seen) continue;
  });
  std::thread reads([&] {
    char c;
    CHECK(receive(b.in, c) == 1);
    seen = true;
  });
  computes.join();
  reads.join();
  CHECK(waitpid(peer, nullptr, 0) == peer);
}

TEST_CASE("ping-pong of many, with deadlines that pass now and then") {
  constexpr int pairs = 40, rounds = 150;
  std::atomic<long> received{0}, timed_out{0};
  std::vector<std::thread> threads;
  std::vector<pair_of> sockets(pairs);
  for (int i = 0; i < pairs; i++) {
    threads.emplace_back([&, i] {  // echo
      char c;
      for (int n = 0; n < rounds; n++) {
        REQUIRE(receive(sockets[i].out, c) == 1);
        put(sockets[i].out, static_cast<char>(c + 1));
      }
    });
    threads.emplace_back([&, i] {
      for (int n = 0; n < rounds; n++) {
        put(sockets[i].in, static_cast<char>(n));
        char c = 0;
        for (;;) {
          const long got = receive(sockets[i].in, c, n % 7 == 0 ? rt0::sys::nanotime() + 1000 : rt0::forever);
          if (got == 1) break;
          REQUIRE(got == -ETIMEDOUT);
          timed_out++;
        }
        REQUIRE(c == static_cast<char>(n + 1));
        received++;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(received == pairs * rounds);
  MESSAGE(timed_out.load() << " deadlines passed");
}
