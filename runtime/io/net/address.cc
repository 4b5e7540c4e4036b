#include "runtime/io/net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

namespace rt::net::detail {
namespace {

struct resolver : std::error_category {
  const char* name() const noexcept override { return "getaddrinfo"; }
  std::string message(int code) const override { return gai_strerror(code); }
  std::error_condition default_error_condition(int code) const noexcept override {
    if (code == EAI_MEMORY) return std::errc::not_enough_memory;
    if (code == EAI_AGAIN) return std::errc::resource_unavailable_try_again;
    return {code, *this};
  }
};

address unix_address(std::string_view path, std::error_code& error) {
  address at;
  auto& un = reinterpret_cast<sockaddr_un&>(at.storage);
  un.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof un.sun_path) {
    error = std::make_error_code(path.empty() ? std::errc::invalid_argument : std::errc::filename_too_long);
    return at;
  }
  std::copy(path.begin(), path.end(), un.sun_path);
  const bool abstract = path.front() == '@';
  if (abstract) un.sun_path[0] = 0;
  at.bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
  return at;
}

// "host:port" or "[host]:port". False: neither.
bool split(std::string_view text, std::string& host, std::string& port) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view name = text.substr(0, colon);
  if (!name.empty() && name.front() == '[') {
    if (name.back() != ']') return false;
    name = name.substr(1, name.size() - 2);
  } else if (name.find(':') != std::string_view::npos) {
    return false;  // an IPv6 address without brackets
  }
  host = name;
  port = text.substr(colon + 1);
  return !port.empty();
}

}  // namespace

const std::error_category& resolver_category() noexcept {
  static const resolver category;
  return category;
}

network network_of(std::string_view name, bool packets, std::error_code& error) {
  struct known {
    std::string_view name;
    bool packets;
    network net;
  };
  static constexpr known all[] = {
      {"tcp", false, {AF_UNSPEC, SOCK_STREAM}}, {"tcp4", false, {AF_INET, SOCK_STREAM}},
      {"tcp6", false, {AF_INET6, SOCK_STREAM}}, {"unix", false, {AF_UNIX, SOCK_STREAM}},
      {"udp", true, {AF_UNSPEC, SOCK_DGRAM}},   {"udp4", true, {AF_INET, SOCK_DGRAM}},
      {"udp6", true, {AF_INET6, SOCK_DGRAM}},   {"unixgram", true, {AF_UNIX, SOCK_DGRAM}},
  };
  for (const known& k : all) {
    if (k.name == name && k.packets == packets) return k.net;
  }
  error = std::make_error_code(std::errc::protocol_not_supported);
  return {};
}

std::vector<address> resolve(network net, std::string_view text, bool to_listen, std::error_code& error) {
  if (net.family == AF_UNIX) {
    const address at = unix_address(text, error);
    return error ? std::vector<address>{} : std::vector<address>{at};
  }
  std::string host, port;
  if (!split(text, host, port)) {
    error = std::make_error_code(std::errc::invalid_argument);
    return {};
  }
  addrinfo hints{}, *found = nullptr;
  hints.ai_family = net.family;
  hints.ai_socktype = net.type;
  if (to_listen) hints.ai_flags = AI_PASSIVE;
  const int failed = getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) {
    error = failed == EAI_SYSTEM ? std::error_code(errno, std::generic_category())
                                 : std::error_code(failed, resolver_category());
    return {};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, freeaddrinfo);
  std::vector<address> all, ipv4;
  // To listen without a host: every interface, by IPv6 and IPv4 at once where the machine has both.
  const bool ipv6_first = to_listen && host.empty() && net.family == AF_UNSPEC;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    address at;
    if (one->ai_addrlen > sizeof at.storage) continue;
    memcpy(&at.storage, one->ai_addr, one->ai_addrlen);
    at.bytes = one->ai_addrlen;
    (ipv6_first && at.family() == AF_INET ? ipv4 : all).push_back(at);
  }
  all.insert(all.end(), ipv4.begin(), ipv4.end());
  return all;
}

std::string text_of(const address& at) {
  char host[INET6_ADDRSTRLEN];
  switch (at.family()) {
    case AF_INET: {
      const auto& in = reinterpret_cast<const sockaddr_in&>(at.storage);
      inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
      return std::string(host) + ":" + std::to_string(ntohs(in.sin_port));
    }
    case AF_INET6: {
      const auto& in = reinterpret_cast<const sockaddr_in6&>(at.storage);
      inet_ntop(AF_INET6, &in.sin6_addr, host, sizeof host);
      return "[" + std::string(host) + "]:" + std::to_string(ntohs(in.sin6_port));
    }
    case AF_UNIX: {
      const auto& un = reinterpret_cast<const sockaddr_un&>(at.storage);
      const std::size_t bytes = at.bytes - std::min<std::size_t>(at.bytes, offsetof(sockaddr_un, sun_path));
      if (bytes == 0) return {};
      if (un.sun_path[0] == 0) return "@" + std::string(un.sun_path + 1, bytes - 1);
      return std::string(un.sun_path, strnlen(un.sun_path, bytes));
    }
  }
  return {};
}

}  // namespace rt::net::detail
