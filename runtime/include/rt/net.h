// <rt/net.h>: connections that park goroutines.
//
//   rt::net::listener l = rt::net::listen("tcp", "127.0.0.1:8080");
//   for (;;) rt::go([c = l.accept()]() mutable { serve(c); });
//
// Who should use it: programs that want deadlines, cancellation and close from another goroutine. Plain POSIX
// sockets park goroutines as well.
//
// Networks: "tcp" (dial: whatever the name resolves to; listen: IPv6 with IPv4 where there is no host),
// "tcp4", "tcp6", "unix"; for packets "udp", "udp4", "udp6", "unixgram". Another name is
// errc::protocol_not_supported. Addresses: "host:port", "[::1]:port", ":port", a service's name for the port;
// a path for "unix", where a leading
// @ means the abstract namespace. Names are resolved by getaddrinfo, which parks too.
//
// Errors are std::system_error; every call that may block also has a form with a last std::error_code&, which
// does not throw, and one with a std::stop_token: a request to stop ends it with errc::operation_canceled. So
// does close() by another goroutine. After a deadline a call fails with errc::timed_out, at once until a
// later deadline is set; time_point{} is none. A deadline applies to calls that wait already. End of stream
// is 0.
//
// One goroutine may read while another writes, and any may close. Two that read, or write, at once get parts
// in some order. Descriptors are close-on-exec, and in blocking mode.
#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>

namespace rt::net {

namespace detail {
class descriptor;
struct access;
struct release {
  void operator()(descriptor* d) const noexcept;  // closes
};
using descriptor_handle = std::unique_ptr<descriptor, release>;
}  // namespace detail

using time_point = std::chrono::steady_clock::time_point;

// A stream. Moved-from and default-made ones are closed: errc::bad_file_descriptor.
class conn {
 public:
  conn() noexcept = default;

  // Some bytes, at least one; 0: the end of the stream (or nothing was asked for).
  std::size_t read(std::span<std::byte> to);
  std::size_t read(std::span<std::byte> to, std::error_code& error) noexcept;
  std::size_t read(std::span<std::byte> to, std::stop_token stop);
  std::size_t read(char* to, std::size_t bytes) { return read(std::as_writable_bytes(std::span(to, bytes))); }
  std::size_t read(char* to, std::size_t bytes, std::error_code& error) noexcept {
    return read(std::as_writable_bytes(std::span(to, bytes)), error);
  }
  std::size_t read(char* to, std::size_t bytes, std::stop_token stop) {
    return read(std::as_writable_bytes(std::span(to, bytes)), std::move(stop));
  }

  // All of it; returns how many were taken, fewer only together with an error. No SIGPIPE.
  std::size_t write(std::span<const std::byte> from);
  std::size_t write(std::span<const std::byte> from, std::error_code& error) noexcept;
  std::size_t write(std::span<const std::byte> from, std::stop_token stop);
  std::size_t write(std::string_view from) { return write(std::as_bytes(std::span(from))); }
  std::size_t write(std::string_view from, std::error_code& error) noexcept {
    return write(std::as_bytes(std::span(from)), error);
  }
  std::size_t write(std::string_view from, std::stop_token stop) {
    return write(std::as_bytes(std::span(from)), std::move(stop));
  }

  void set_deadline(time_point when) noexcept;
  void set_read_deadline(time_point when) noexcept;
  void set_write_deadline(time_point when) noexcept;

  // The other side reads the end of the stream; reading here goes on.
  void shutdown_write();
  void shutdown_write(std::error_code& error) noexcept;
  // Never fails: what was written is on its way, or lost, as with close(2).
  void close() noexcept;

  int fd() const noexcept;  // -1: closed
  std::string local_addr() const;
  std::string remote_addr() const;

 private:
  friend struct detail::access;
  detail::descriptor_handle d_;
};

class listener {
 public:
  listener() noexcept = default;
  conn accept();
  conn accept(std::error_code& error) noexcept;
  conn accept(std::stop_token stop);
  std::string addr() const;  // with the port that was chosen for ":0"
  void set_deadline(time_point when) noexcept;
  void close() noexcept;  // of a unix socket: its path is removed
  int fd() const noexcept;

 private:
  friend struct detail::access;
  detail::descriptor_handle d_;
};

struct packet_from {
  std::size_t bytes;
  std::string addr;  // empty: the sender has no address
};

class packet_conn {
 public:
  packet_conn() noexcept = default;
  // One packet; what does not fit is lost.
  packet_from read_from(std::span<std::byte> to);
  packet_from read_from(std::span<std::byte> to, std::error_code& error);
  packet_from read_from(std::span<std::byte> to, std::stop_token stop);
  std::size_t write_to(std::span<const std::byte> from, std::string_view addr);
  std::size_t write_to(std::span<const std::byte> from, std::string_view addr, std::error_code& error);
  std::size_t write_to(std::span<const std::byte> from, std::string_view addr, std::stop_token stop);
  void set_deadline(time_point when) noexcept;
  void set_read_deadline(time_point when) noexcept;
  void set_write_deadline(time_point when) noexcept;
  void close() noexcept;
  int fd() const noexcept;
  std::string local_addr() const;

 private:
  friend struct detail::access;
  detail::descriptor_handle d_;
};

listener listen(std::string_view network, std::string_view address);
listener listen(std::string_view network, std::string_view address, std::error_code& error);

// Tries the addresses of the name in turn, all within the timeout (0: the system's own).
conn dial(std::string_view network, std::string_view address, std::chrono::nanoseconds timeout = {});
conn dial(std::string_view network, std::string_view address, std::chrono::nanoseconds timeout,
          std::error_code& error);
conn dial(std::string_view network, std::string_view address, std::stop_token stop);

packet_conn listen_packet(std::string_view network, std::string_view address);
packet_conn listen_packet(std::string_view network, std::string_view address, std::error_code& error);

}  // namespace rt::net
