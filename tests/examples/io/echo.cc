// echo PORT: sends back what comes, on 127.0.0.1. Port 0 is any, and printed. SIGINT and SIGTERM end it.
#include <rt/net.h>

#include <iostream>
#include <system_error>

#include "server.h"

int main(int argc, char** argv) {
  const auto port = argc == 2 ? port_of(argv[1]) : std::nullopt;
  if (!port) {
    std::cerr << "usage: echo PORT\n";
    return 2;
  }
  return serve_each(*port, [](rt::net::conn& c) {
    char piece[4096];
    std::error_code error;
    while (const std::size_t n = c.read(piece, sizeof piece, error)) {
      c.write({piece, n}, error);
      if (error) return;
    }
  });
}
