// proxy PORT HOST:PORT: hands connections to 127.0.0.1:PORT on to another server. Port 0 is any, and printed.
// SIGINT and SIGTERM end it.
//
// Either side may end its half and still read the other's.
#include <rt/go.h>
#include <rt/net.h>

#include <chrono>
#include <iostream>
#include <string>
#include <system_error>

#include "server.h"

namespace {

using namespace std::chrono_literals;

void copy(rt::net::conn& from, rt::net::conn& to) {
  char piece[16 * 1024];
  std::error_code error;
  while (const std::size_t n = from.read(piece, sizeof piece, error)) {
    to.write({piece, n}, error);
    if (error) break;
  }
  if (!error) to.shutdown_write(error);
  if (error) {  // the other direction ends too
    from.close();
    to.close();
  }
}

void serve(rt::net::conn& client, const std::string& address) {
  std::error_code error;
  rt::net::conn server = rt::net::dial("tcp", address, 10s, error);
  if (error) {
    std::cerr << (address + ": " + error.message() + "\n");
    return;
  }
  auto back = rt::spawn([&] { copy(server, client); });
  copy(client, server);
  back.join();
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = argc == 3 ? port_of(argv[1]) : std::nullopt;
  if (!port || std::string_view(argv[2]).find(':') == std::string_view::npos) {
    std::cerr << "usage: proxy PORT HOST:PORT\n";
    return 2;
  }
  return serve_each(*port, [address = std::string(argv[2])](rt::net::conn& c) { serve(c, address); });
}
