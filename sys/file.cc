#include "sys/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "rt0/arch.h"

namespace rt0::sys {

ret<int> open_for_reading(const char* path) noexcept {
  return ret<int>::from_raw(
      raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC));
}

std::size_t file_bytes(int fd) noexcept {
  struct stat about {};
  return raw_syscall(SYS_fstat, fd, reinterpret_cast<long>(&about)) == 0
             ? static_cast<std::size_t>(about.st_size)
             : 0;
}

ret<void*> map_file(int fd, std::size_t bytes, std::int64_t offset) noexcept {
  return ret<void*>::from_raw(
      raw_syscall(SYS_mmap, 0, static_cast<long>(bytes), PROT_READ, MAP_PRIVATE, fd, offset));
}

std::size_t read_text(const char* path, char* into, std::size_t bytes) noexcept {
  const auto fd = open_for_reading(path);
  const long n =
      fd.ok() ? raw_syscall(SYS_read, fd.value(), reinterpret_cast<long>(into), static_cast<long>(bytes - 1))
              : 0;
  if (fd.ok()) raw_syscall(SYS_close, fd.value());
  const std::size_t length = n > 0 ? static_cast<std::size_t>(n) : 0;
  into[length] = 0;
  return length;
}

std::size_t read_link(const char* path, char* into, std::size_t bytes) noexcept {
  const long n = raw_syscall(SYS_readlink, reinterpret_cast<long>(path), reinterpret_cast<long>(into),
                             static_cast<long>(bytes - 1));
  const std::size_t length = n > 0 ? static_cast<std::size_t>(n) : 0;
  into[length] = 0;
  return length;
}

}  // namespace rt0::sys
