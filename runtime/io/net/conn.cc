#include <errno.h>
#include <linux/io_uring.h>
#include <sys/socket.h>

#include <limits>

#include "runtime/io/net/access.h"
#include "runtime/io/net/address.h"
#include "runtime/io/net/stream.h"

namespace rt::net {

using detail::access;
using detail::direction;
using detail::error_of;
using detail::file_kind;
using detail::throw_if;

namespace {

constexpr std::size_t most_bytes = std::numeric_limits<std::int32_t>::max();

rt0::ring_op io(std::uint8_t opcode, const void* at, std::size_t bytes) noexcept {
  return {opcode,
          -1,
          0,
          reinterpret_cast<std::uint64_t>(at),
          static_cast<std::uint32_t>(bytes < most_bytes ? bytes : most_bytes),
          MSG_NOSIGNAL};
}

std::size_t read_some(const conn& c, std::span<std::byte> to, const std::stop_token& stop,
                      std::error_code& error) noexcept {
  error.clear();
  if (to.empty()) return 0;
  detail::descriptor* d = access::of(c);
  const long n = d != nullptr && d->kind() == file_kind::stream
                     ? detail::stream_read(*d, to, stop)
                     : detail::run(c, direction::read, io(IORING_OP_RECV, to.data(), to.size()), stop);
  if (n < 0) error = error_of(n);
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

std::size_t write_all(const conn& c, std::span<const std::byte> from, const std::stop_token& stop,
                      std::error_code& error) noexcept {
  error.clear();
  std::size_t done = 0;
  if (detail::descriptor* d = access::of(c); d != nullptr && d->kind() == file_kind::stream) {
    if (const long n = detail::stream_write(*d, from, stop, done); n < 0) error = error_of(n);
    return done;
  }
  while (done < from.size()) {
    const long n =
        detail::run(c, direction::write, io(IORING_OP_SEND, from.data() + done, from.size() - done), stop);
    if (n < 0) {
      error = error_of(n);
      break;
    }
    done += static_cast<std::size_t>(n);
  }
  return done;
}

template <class Name>
std::string name_of(int fd, Name name) {
  detail::address at;
  at.bytes = sizeof at.storage;
  return fd >= 0 && name(fd, at.get(), &at.bytes) == 0 ? detail::text_of(at) : std::string();
}

void set(const detail::descriptor_handle& d, direction which, time_point when) noexcept {
  if (d) d->set_deadline(which, when);
}

}  // namespace

std::size_t conn::read(std::span<std::byte> to, std::error_code& error) noexcept {
  return read_some(*this, to, {}, error);
}
std::size_t conn::read(std::span<std::byte> to) {
  std::error_code error;
  const std::size_t n = read_some(*this, to, {}, error);
  throw_if(error, "read");
  return n;
}
std::size_t conn::read(std::span<std::byte> to, std::stop_token stop) {
  std::error_code error;
  const std::size_t n = read_some(*this, to, stop, error);
  throw_if(error, "read");
  return n;
}

std::size_t conn::write(std::span<const std::byte> from, std::error_code& error) noexcept {
  return write_all(*this, from, {}, error);
}
std::size_t conn::write(std::span<const std::byte> from) {
  std::error_code error;
  const std::size_t n = write_all(*this, from, {}, error);
  throw_if(error, "write");
  return n;
}
std::size_t conn::write(std::span<const std::byte> from, std::stop_token stop) {
  std::error_code error;
  const std::size_t n = write_all(*this, from, stop, error);
  throw_if(error, "write");
  return n;
}

void conn::set_deadline(time_point when) noexcept {
  set_read_deadline(when);
  set_write_deadline(when);
}
void conn::set_read_deadline(time_point when) noexcept { set(d_, direction::read, when); }
void conn::set_write_deadline(time_point when) noexcept { set(d_, direction::write, when); }

void conn::shutdown_write(std::error_code& error) noexcept {
  error.clear();
  const detail::descriptor* d = access::of(*this);
  if (d != nullptr && d->kind() == file_kind::stream) return close();
  if (::shutdown(fd(), SHUT_WR) != 0) error = error_of(-errno);
}
void conn::shutdown_write() {
  std::error_code error;
  shutdown_write(error);
  throw_if(error, "shutdown");
}

void conn::close() noexcept {
  if (d_) d_->close();
}
int conn::fd() const noexcept { return d_ ? d_->fd() : -1; }
std::string conn::local_addr() const { return name_of(fd(), ::getsockname); }
std::string conn::remote_addr() const { return name_of(fd(), ::getpeername); }

// --- packets

namespace {

packet_from receive(const packet_conn& c, std::span<std::byte> to, const std::stop_token& stop,
                    std::error_code& error) {
  error.clear();
  detail::address from;
  iovec piece{to.data(), to.size()};
  msghdr m{};
  m.msg_name = from.get();
  m.msg_namelen = sizeof from.storage;
  m.msg_iov = &piece;
  m.msg_iovlen = 1;
  const long n = detail::run(c, direction::read, io(IORING_OP_RECVMSG, &m, 1), stop);
  if (n < 0) {
    error = error_of(n);
    return {};
  }
  from.bytes = m.msg_namelen;
  return {static_cast<std::size_t>(n), detail::text_of(from)};
}

int family_of(int fd) noexcept {
  detail::address at;
  at.bytes = sizeof at.storage;
  return ::getsockname(fd, at.get(), &at.bytes) == 0 ? at.family() : AF_UNSPEC;
}

std::size_t send(const packet_conn& c, std::span<const std::byte> packet, std::string_view addr,
                 const std::stop_token& stop, std::error_code& error) {
  error.clear();
  const auto to = detail::resolve({family_of(c.fd()), SOCK_DGRAM}, addr, false, error);
  if (error) return 0;
  detail::address at = to.front();
  iovec piece{const_cast<std::byte*>(packet.data()), packet.size()};
  msghdr m{};
  m.msg_name = at.get();
  m.msg_namelen = at.bytes;
  m.msg_iov = &piece;
  m.msg_iovlen = 1;
  const long n = detail::run(c, direction::write, io(IORING_OP_SENDMSG, &m, 1), stop);
  if (n < 0) error = error_of(n);
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

}  // namespace

packet_from packet_conn::read_from(std::span<std::byte> to, std::error_code& error) {
  return receive(*this, to, {}, error);
}
packet_from packet_conn::read_from(std::span<std::byte> to, std::stop_token stop) {
  std::error_code error;
  packet_from got = receive(*this, to, stop, error);
  throw_if(error, "read_from");
  return got;
}
packet_from packet_conn::read_from(std::span<std::byte> to) { return read_from(to, std::stop_token()); }

std::size_t packet_conn::write_to(std::span<const std::byte> from, std::string_view addr,
                                  std::error_code& error) {
  return send(*this, from, addr, {}, error);
}
std::size_t packet_conn::write_to(std::span<const std::byte> from, std::string_view addr,
                                  std::stop_token stop) {
  std::error_code error;
  const std::size_t n = send(*this, from, addr, stop, error);
  throw_if(error, "write_to");
  return n;
}
std::size_t packet_conn::write_to(std::span<const std::byte> from, std::string_view addr) {
  return write_to(from, addr, std::stop_token());
}

void packet_conn::set_deadline(time_point when) noexcept {
  set_read_deadline(when);
  set_write_deadline(when);
}
void packet_conn::set_read_deadline(time_point when) noexcept { set(d_, direction::read, when); }
void packet_conn::set_write_deadline(time_point when) noexcept { set(d_, direction::write, when); }
void packet_conn::close() noexcept {
  if (d_) d_->close();
}
int packet_conn::fd() const noexcept { return d_ ? d_->fd() : -1; }
std::string packet_conn::local_addr() const { return name_of(fd(), ::getsockname); }

}  // namespace rt::net
