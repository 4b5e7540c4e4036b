// <rt/net.h>: streams, packets, deadlines, close and stop from another goroutine.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <fcntl.h>
#include <rt/go.h>
#include <rt/net.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "tests/api/io_help.h"

namespace {

using namespace std::chrono_literals;
using namespace rt::net;

struct both {
  conn client, server;
};

both connected(const char* network = "tcp", const char* address = "127.0.0.1:0") {
  listener l = listen(network, address);
  both b;
  std::thread dialer([&] { b.client = dial(network, l.addr()); });
  b.server = l.accept();
  dialer.join();
  return b;
}

time_point in(std::chrono::milliseconds d) { return std::chrono::steady_clock::now() + d; }

}  // namespace

TEST_CASE("a stream on every network") {
  const std::string path = "/tmp/rt0_net_" + std::to_string(getpid());
  for (const auto& [network, address] : {std::pair<const char*, std::string>{"tcp", "127.0.0.1:0"},
                                         {"tcp4", "localhost:0"},
                                         {"unix", path},
                                         {"unix", "@rt0_net_" + std::to_string(getpid())}}) {
    both b = connected(network, address.c_str());
    const std::string text(300'000, 'x');
    std::thread writer([&] {
      CHECK(b.client.write(text) == text.size());
      b.client.shutdown_write();
    });
    CHECK(read_all(b.server) == text);
    writer.join();
    CHECK(b.server.write("back") == 4);
    b.server.close();
    CHECK(read_all(b.client) == "back");
  }
  CHECK(access(path.c_str(), F_OK) != 0);  // gone with its listener
}

TEST_CASE("addresses and flags") {
  listener l = listen("tcp", "127.0.0.1:0");
  CHECK(l.addr().starts_with("127.0.0.1:"));
  CHECK(l.addr() != "127.0.0.1:0");
  both b = connected();
  CHECK(b.client.local_addr() == b.server.remote_addr());
  CHECK(b.client.remote_addr() == b.server.local_addr());
  for (const int fd : {l.fd(), b.client.fd(), b.server.fd()}) {
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
  }
}

TEST_CASE("errors are named") {
  CHECK(error_of([] { listen("ftp", "127.0.0.1:0"); }) == std::errc::protocol_not_supported);
  CHECK(error_of([] { listen_packet("tcp", "127.0.0.1:0"); }) == std::errc::protocol_not_supported);
  CHECK(error_of([] { listen("tcp", "127.0.0.1"); }) == std::errc::invalid_argument);
  CHECK(error_of([] { listen("tcp", "::1:80"); }) == std::errc::invalid_argument);
  CHECK(error_of([] { listen("unix", "/no/such/place"); }) == std::errc::no_such_file_or_directory);
  CHECK(error_of([] { listen("unix", std::string(300, 'x')); }) == std::errc::filename_too_long);
  listener l = listen("tcp", "127.0.0.1:0");
  CHECK(error_of([&] { listen("tcp", l.addr()); }) == std::errc::address_in_use);
  const std::string nobody = l.addr();
  l.close();
  CHECK(error_of([&] { dial("tcp", nobody); }) == std::errc::connection_refused);
  std::error_code error;
  CHECK(dial("tcp", nobody, {}, error).fd() == -1);
  CHECK(error == std::errc::connection_refused);
  CHECK(error_of([] { dial("tcp", "no.such.host.invalid:80"); }));
  conn none;
  CHECK(error_of([&] { none.write("x"); }) == std::errc::bad_file_descriptor);
  CHECK(error_of([&] { l.accept(); }) == std::errc::bad_file_descriptor);
  none.close();
  l.close();
}

TEST_CASE("a broken connection is an error, not a signal") {
  both b = connected();
  b.server.close();
  std::error_code error;
  for (int i = 0; i < 100 && !error; i++) b.client.write("x", error);
  CHECK((error == std::errc::broken_pipe || error == std::errc::connection_reset));
}

TEST_CASE("deadlines: passed, moved, taken back") {
  both b = connected();
  char c;
  b.server.set_read_deadline(in(10ms));
  const auto begin = std::chrono::steady_clock::now();
  CHECK(error_of([&] { b.server.read(&c, 1); }) == std::errc::timed_out);
  CHECK(std::chrono::steady_clock::now() - begin >= 10ms);
  CHECK(error_of([&] { b.server.read(&c, 1); }) == std::errc::timed_out);  // still
  b.server.set_read_deadline({});
  std::thread setter([&] {
    std::this_thread::sleep_for(5ms);
    b.server.set_read_deadline(in(5ms));  // of a read that waits already
  });
  CHECK(error_of([&] { b.server.read(&c, 1); }) == std::errc::timed_out);
  setter.join();
  b.server.set_deadline(in(-1ms));
  CHECK(error_of([&] { b.server.read(&c, 1); }) == std::errc::timed_out);
  CHECK(error_of([&] { b.server.write("x"); }) == std::errc::timed_out);
  b.server.set_deadline({});
  b.client.write("z");
  CHECK(b.server.read(&c, 1) == 1);
  CHECK(c == 'z');
  b.client.set_write_deadline(in(20ms));
  const std::string much(64 << 20, 'x');
  std::error_code error;
  CHECK(b.client.write(much, error) < much.size());
  CHECK(error == std::errc::timed_out);
  listener l = listen("tcp", "127.0.0.1:0");
  l.set_deadline(in(5ms));
  CHECK(error_of([&] { l.accept(); }) == std::errc::timed_out);
}

TEST_CASE("close wakes who reads, writes or accepts; the number is free afterwards") {
  for (int round = 0; round < 50; round++) {
    both b = connected();
    listener l = listen("tcp", "127.0.0.1:0");
    std::latch started(3);
    std::thread reader([&] {
      char c;
      started.count_down();
      const std::error_code error = error_of([&] { b.server.read(&c, 1); });
      CHECK(was_closed(error));
    });
    std::thread writer([&] {
      const std::string much(8 << 20, 'x');
      started.count_down();
      const std::error_code error = error_of([&] { b.server.write(much); });
      CHECK(was_closed(error));
    });
    std::thread accepter([&] {
      started.count_down();
      const std::error_code error = error_of([&] { l.accept(); });
      CHECK(was_closed(error));
    });
    started.wait();
    if (round % 2 == 0) std::this_thread::sleep_for(1ms);
    b.server.close();
    l.close();
    reader.join();
    writer.join();
    accepter.join();
  }
  const int fd = dup(0);
  CHECK(fd < 20);
  ::close(fd);
}

TEST_CASE("a stop token ends what waits, and only that") {
  both b = connected();
  for (int round = 0; round < 100; round++) {
    std::stop_source source;
    std::thread stopper([&] {
      for (int i = 0; i < round % 7; i++) rt::yield();
      source.request_stop();
    });
    char c;
    CHECK(error_of([&] { b.server.read(&c, 1, source.get_token()); }) == std::errc::operation_canceled);
    stopper.join();
  }
  std::stop_source source;
  b.client.write("y", source.get_token());
  char c;
  CHECK(b.server.read(&c, 1, source.get_token()) == 1);
}

TEST_CASE("packets") {
  packet_conn a = listen_packet("udp", "127.0.0.1:0"), b = listen_packet("udp", "127.0.0.1:0");
  std::array<std::byte, 100> buffer;
  std::thread sender([&] {
    CHECK(b.write_to(std::as_bytes(std::span("abc", 3)), a.local_addr()) == 3);
    CHECK(b.write_to({}, a.local_addr()) == 0);
  });
  packet_from got = a.read_from(buffer);
  CHECK(got.bytes == 3);
  CHECK(got.addr == b.local_addr());
  CHECK(a.read_from(buffer).bytes == 0);
  sender.join();
  a.set_read_deadline(in(5ms));
  CHECK(error_of([&] { a.read_from(buffer); }) == std::errc::timed_out);
}

TEST_CASE("1,000 connections at once echo") {
  listener l = listen("tcp", "127.0.0.1:0");
  constexpr int connections = 1000;
  std::thread server([&] {
    for (int i = 0; i < connections; i++) {
      rt::go([c = l.accept()]() mutable {
        char piece[64];
        std::error_code error;
        while (const std::size_t n = c.read(piece, sizeof piece, error)) c.write({piece, n}, error);
      });
    }
  });
  std::atomic<int> right{0};
  std::latch ended(connections);
  for (int i = 0; i < connections; i++) {
    rt::go([&, i] {
      {
        conn c = dial("tcp", l.addr(), 10s);
        const std::string text = "connection " + std::to_string(i);
        for (int n = 0; n < 3; n++) {
          c.write(text);
          std::string back(text.size(), 0);
          for (std::size_t had = 0; had < back.size();) had += c.read(back.data() + had, back.size() - had);
          right += back == text;
        }
      }
      ended.count_down();
    });
  }
  ended.wait();
  server.join();
  CHECK(right == 3 * connections);
}
