// What the servers have in common: a listener on 127.0.0.1, a goroutine for every connection.
#pragma once
#include <rt/go.h>
#include <rt/net.h>
#include <rt/signal.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

// A port in decimal; 0: any.
inline std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// Calls serve(conn&) for every connection, each in a goroutine of its own, until SIGINT or SIGTERM. The
// address is printed if the port is 0. Returns main's status.
template <class F>
int serve_each(std::uint16_t port, F serve) {
  using namespace std::chrono_literals;
  std::error_code error;
  rt::net::listener l = rt::net::listen("tcp4", "127.0.0.1:" + std::to_string(port), error);
  if (error) {
    std::cerr << "127.0.0.1:" << port << ": " << error.message() << '\n';
    return 1;
  }
  auto closer = rt::spawn([&l, signals = rt::notify({SIGINT, SIGTERM})] {
    signals.recv();
    l.close();
  });
  if (port == 0) std::cout << l.addr() << std::endl;
  for (;;) {
    rt::net::conn c = l.accept(error);
    if (error == std::errc::operation_canceled || error == std::errc::bad_file_descriptor) {
      closer.join();
      return 0;
    }
    if (!error) {
      try {
        rt::go([serve, c = std::move(c)]() mutable { serve(c); });
        continue;
      } catch (const std::system_error& e) {
        error = e.code();
      }
    }
    // No descriptor, or no stack, is left for it: those who are served will give some back.
    std::cerr << "accept: " << error.message() << '\n';
    std::this_thread::sleep_for(10ms);
  }
}
