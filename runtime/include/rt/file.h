// <rt/file.h>: files that park goroutines.
//
//   rt::file f = rt::file::open("log", O_WRONLY | O_CREAT | O_APPEND);
//   f.write("a line\n");
//
// Who should use it: programs that want close from another goroutine and stop tokens for FIFOs and terminals,
// or reads and writes without buffers. <fstream> and plain POSIX calls park goroutines as well.
//
// What the page cache has is read at once, by one system call. Else the goroutine waits for the disk, its
// kernel thread does not. A write, and sync, take the kernel thread along while other goroutines go on.
// FIFOs, terminals and character devices wait until they are ready, whatever the descriptor's O_NONBLOCK
// says; to open a FIFO waits for its other end, and takes a kernel thread meanwhile.
//
// Errors are std::system_error; every call that may block also has a form with a last std::error_code&, which
// does not throw, and one with a std::stop_token: a request to stop ends a wait with
// errc::operation_canceled, and so does close() by another goroutine. A transfer to or from a disk is not
// interrupted. End of file is 0. A write to a FIFO that nobody reads is errc::broken_pipe, no SIGPIPE.
// Descriptors are close-on-exec.
#pragma once
#include <fcntl.h>
#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <stop_token>
#include <string_view>
#include <system_error>

#include "rt/net.h"

namespace rt {

// Moved-from and default-made ones are closed: errc::bad_file_descriptor.
class file {
 public:
  file() noexcept = default;

  // As open(2). With a token: an open that still waits when the stop is requested goes on without the caller,
  // and what it opens is closed again.
  static file open(const std::filesystem::path& path, int flags, mode_t mode = 0644);
  static file open(const std::filesystem::path& path, int flags, mode_t mode,
                   std::error_code& error) noexcept;
  static file open(const std::filesystem::path& path, int flags, mode_t mode, std::stop_token stop);

  // At the file's own position. Some bytes, at least one; 0: the end (or nothing was asked for).
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

  // All of it; returns how many were taken, fewer only together with an error.
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

  // The same elsewhere in the file, whose own position stays; errc::invalid_seek for what has none. With
  // O_APPEND Linux appends all the same.
  std::size_t pread(std::span<std::byte> to, off_t at);
  std::size_t pread(std::span<std::byte> to, off_t at, std::error_code& error) noexcept;
  std::size_t pread(std::span<std::byte> to, off_t at, std::stop_token stop);
  std::size_t pwrite(std::span<const std::byte> from, off_t at);
  std::size_t pwrite(std::span<const std::byte> from, off_t at, std::error_code& error) noexcept;
  std::size_t pwrite(std::span<const std::byte> from, off_t at, std::stop_token stop);

  // What was written is on the disk, as fsync(2) means it.
  void sync();
  void sync(std::error_code& error) noexcept;
  void sync(std::stop_token stop);

  // Never fails; who wants to know whether the disk took it all calls sync() before.
  void close() noexcept;
  int fd() const noexcept;  // -1: closed

 private:
  friend struct net::detail::access;
  net::detail::descriptor_handle d_;
};

}  // namespace rt
