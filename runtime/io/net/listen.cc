#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/io/net/access.h"
#include "runtime/io/net/address.h"

namespace rt::net {

using detail::access;
using detail::address;
using detail::direction;
using detail::error_of;
using detail::throw_if;

namespace {

constexpr int backlog = 4096;  // the kernel cuts it to net.core.somaxconn

void no_delay(int fd) noexcept {
  const int one = 1;
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);  // fails for unix sockets: nothing lost
}

conn take_connection(const listener& l, const std::stop_token& stop, std::error_code& error) noexcept {
  error.clear();
  const rt0::ring_op op{IORING_OP_ACCEPT, -1, 0, 0, 0, SOCK_CLOEXEC};
  for (;;) {
    const long fd = detail::run(l, direction::read, op, stop);
    if (fd == -ECONNABORTED) continue;  // it gave up before we came
    if (fd < 0) {
      error = error_of(fd);
      return {};
    }
    no_delay(static_cast<int>(fd));
    return access::make<conn>(static_cast<int>(fd));
  }
}

// A bound socket; -1 and an error.
int bound(const address& at, int type, std::error_code& error) noexcept {
  const int fd = ::socket(at.family(), type | SOCK_CLOEXEC, 0);
  const int one = 1, none = 0;
  if (fd >= 0 && at.family() != AF_UNIX && type == SOCK_STREAM) {
    (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  }
  if (fd >= 0 && at.family() == AF_INET6)
    (void)::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &none, sizeof none);
  if (fd >= 0 && ::bind(fd, at.get(), at.bytes) == 0) return fd;
  error = error_of(-errno);
  if (fd >= 0) ::close(fd);
  return -1;
}

int bound_to_first(std::string_view network, std::string_view text, bool packets, address& at,
                   std::error_code& error) {
  const detail::network net = detail::network_of(network, packets, error);
  if (error) return -1;
  int fd = -1;
  for (const address& one : detail::resolve(net, text, true, error)) {
    error.clear();
    at = one;
    if ((fd = bound(one, net.type, error)) >= 0) break;
  }
  return fd;
}

}  // namespace

listener listen(std::string_view network, std::string_view text, std::error_code& error) {
  error.clear();
  address at;
  const int fd = bound_to_first(network, text, false, at, error);
  if (fd < 0) return {};
  if (::listen(fd, backlog) != 0) {
    error = error_of(-errno);
    ::close(fd);
    return {};
  }
  auto l = access::make<listener>(fd);
  if (at.family() == AF_UNIX && text.front() != '@') access::of(l)->path_to_remove = text;
  return l;
}

listener listen(std::string_view network, std::string_view text) {
  std::error_code error;
  listener l = listen(network, text, error);
  throw_if(error, "listen");
  return l;
}

packet_conn listen_packet(std::string_view network, std::string_view text, std::error_code& error) {
  error.clear();
  address at;
  const int fd = bound_to_first(network, text, true, at, error);
  if (fd < 0) return {};
  auto c = access::make<packet_conn>(fd);
  if (at.family() == AF_UNIX && text.front() != '@') access::of(c)->path_to_remove = text;
  return c;
}

packet_conn listen_packet(std::string_view network, std::string_view text) {
  std::error_code error;
  packet_conn c = listen_packet(network, text, error);
  throw_if(error, "listen_packet");
  return c;
}

conn listener::accept(std::error_code& error) noexcept { return take_connection(*this, {}, error); }
conn listener::accept(std::stop_token stop) {
  std::error_code error;
  conn c = take_connection(*this, stop, error);
  throw_if(error, "accept");
  return c;
}
conn listener::accept() { return accept(std::stop_token()); }

std::string listener::addr() const {
  address at;
  at.bytes = sizeof at.storage;
  return ::getsockname(fd(), at.get(), &at.bytes) == 0 ? detail::text_of(at) : std::string();
}
void listener::set_deadline(time_point when) noexcept {
  if (d_) d_->set_deadline(direction::read, when);
}
void listener::close() noexcept {
  if (d_) d_->close();
}
int listener::fd() const noexcept { return d_ ? d_->fd() : -1; }

// --- dial

namespace {

// The socket does not block while it connects, so that the wait can be for poll, which every back-end has.
conn connect_to(const address& at, int type, time_point until, const std::stop_token& stop,
                std::error_code& error) {
  const int fd = ::socket(at.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    error = error_of(-errno);
    return {};
  }
  auto c = access::make<conn>(fd);
  long result = ::connect(fd, at.get(), at.bytes) == 0 ? 0 : -errno;
  if (result == -EINPROGRESS || result == -EAGAIN) {
    c.set_write_deadline(until);
    constexpr std::uint32_t writable = 4;  // POLLOUT
    result = detail::run(c, direction::write, {IORING_OP_POLL_ADD, -1, 0, 0, 0, writable}, stop);
    c.set_write_deadline({});
    int failed = 0;
    socklen_t bytes = sizeof failed;
    if (result >= 0 && ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &bytes) == 0) result = -failed;
  }
  if (result < 0) {
    error = error_of(result);
    return {};
  }
  error.clear();
  const int no = 0;
  (void)::ioctl(fd, FIONBIO, &no);  // blocking mode again
  no_delay(fd);
  return c;
}

conn dial_any(std::string_view network, std::string_view text, time_point until, const std::stop_token& stop,
              std::error_code& error) {
  error.clear();
  const detail::network net = detail::network_of(network, false, error);
  if (error) return {};
  for (const address& at : detail::resolve(net, text, false, error)) {
    conn c = connect_to(at, net.type, until, stop, error);
    if (!error || error == std::errc::operation_canceled || error == std::errc::timed_out) return c;
  }
  return {};
}

time_point after(std::chrono::nanoseconds timeout) noexcept {
  return timeout.count() == 0 ? time_point() : time_point::clock::now() + timeout;
}

}  // namespace

conn dial(std::string_view network, std::string_view text, std::chrono::nanoseconds timeout,
          std::error_code& error) {
  return dial_any(network, text, after(timeout), {}, error);
}
conn dial(std::string_view network, std::string_view text, std::chrono::nanoseconds timeout) {
  std::error_code error;
  conn c = dial_any(network, text, after(timeout), {}, error);
  throw_if(error, "dial");
  return c;
}
conn dial(std::string_view network, std::string_view text, std::stop_token stop) {
  std::error_code error;
  conn c = dial_any(network, text, {}, stop, error);
  throw_if(error, "dial");
  return c;
}

}  // namespace rt::net
