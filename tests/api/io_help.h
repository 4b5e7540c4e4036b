// What the tests of <rt/net.h>, <rt/file.h> and <rt/process.h> share.
#pragma once
#include <cstddef>
#include <filesystem>
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

// Another goroutine closed it: while this one waited, or before.
inline bool was_closed(const std::error_code& error) {
  return error == std::errc::operation_canceled || error == std::errc::bad_file_descriptor;
}

// To the end of the stream.
std::string read_all(auto& from) {
  std::string all;
  char piece[1000];
  while (const std::size_t n = from.read(piece, sizeof piece)) all.append(piece, n);
  return all;
}

// The descriptors that are open, without the runtime's own, which come when they are first needed.
inline std::size_t open_count() {
  namespace fs = std::filesystem;
  std::size_t n = 0;
  for (const fs::directory_entry& fd : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string what = fs::read_symlink(fd, gone).string();
    if (what != "anon_inode:[eventpoll]" && what != "anon_inode:[eventfd]" &&
        what != "anon_inode:[io_uring]") {
      n++;
    }
  }
  return n;
}
