// Networks and addresses as text, and as the kernel's structures.
#pragma once
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace rt::net::detail {

struct address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const noexcept { return storage.ss_family; }
};

struct network {
  int family;  // AF_UNSPEC: IPv4 or IPv6
  int type;
};

// errc::protocol_not_supported for an unknown name.
network network_of(std::string_view name, bool packets, std::error_code& error);

// getaddrinfo's errors: what no host or service has such a name for.
const std::error_category& resolver_category() noexcept;

// All addresses of the text, in the order in which they are to be tried. Parks while names are resolved.
std::vector<address> resolve(network net, std::string_view text, bool to_listen, std::error_code& error);

// "127.0.0.1:80", "[::1]:80", a path, "@name" of the abstract namespace; empty: none.
std::string text_of(const address& at);

}  // namespace rt::net::detail
