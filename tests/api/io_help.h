// What the tests of <rt/net.h>, <rt/file.h> and <rt/process.h> share.
#pragma once
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>

// What f throws; none: the error that is none.
std::error_code error_of(auto&& f) {
  try {
    f();
  } catch (const std::system_error& e) {
    return e.code();
  }
  return {};
}

// To the end of the stream.
std::string read_all(auto& from) {
  std::string all;
  char piece[1000];
  while (const std::size_t n = from.read(piece, sizeof piece)) all.append(piece, n);
  return all;
}

// The descriptors that are open.
inline std::size_t open_count() {
  namespace fs = std::filesystem;
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}
