// Operations on descriptors park goroutines; run on each back-end and each way to break the poller's sleep.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "runtime/io/netpoll.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <rt/go.h>
#include <sys/socket.h>
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
  const rt0::ring_op op = recv_op(fd, &to, 1);
  REQUIRE(rt0::netpoll_can(op));
  return rt0::netpoll_run(op, deadline_ns);
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
  CHECK(receive(1'000, c) == -EBADF);
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  CHECK(receive(pipes[0], c) == -ENOTSOCK);
  ::close(pipes[0]);
  ::close(pipes[1]);
}

TEST_CASE("the first of several") {
  if (rt0::netpoll_most_at_once() < 3) return;
  pair_of s[3];
  rt0::io_waiter waiter;
  for (int round = 0; round < 100; round++) {
    rt0::ring_op ops[3];
    for (int i = 0; i < 3; i++) ops[i] = {IORING_OP_POLL_ADD, s[i].in, 0, 0, 0, POLLIN};
    std::int32_t results[3];
    const int which = round % 3;
    std::thread later([&] { put(s[which].out, 'x'); });
    CHECK(rt0::netpoll_run_any(ops, results, 3, rt0::forever, waiter) == 0);
    for (int i = 0; i < 3; i++) CHECK(results[i] == (i == which ? POLLIN : -ECANCELED));
    later.join();
    char c;
    CHECK(receive(s[which].in, c) == 1);
  }
  rt0::ring_op op{IORING_OP_POLL_ADD, s[0].in, 0, 0, 0, POLLIN};
  std::int32_t result;
  CHECK(rt0::netpoll_run_any(&op, &result, 1, in_ms(5), waiter) == -ETIMEDOUT);
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
    CHECK(rt0::netpoll_run(recv_op(s.in, &c, 1), rt0::forever, waiter) == -ECANCELED);
    other.join();
    CHECK(rt0::netpoll_run(recv_op(s.in, &c, 1), rt0::forever, waiter) == -ECANCELED);  // the next one, too
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
