#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>

#include "rt0/arch.h"
#include "sys/process.h"

namespace rt0::sys {

void write_all(int fd, const char* text, std::size_t bytes) noexcept {
  while (bytes != 0) {
    const long n = raw_syscall(SYS_write, fd, reinterpret_cast<long>(text), static_cast<long>(bytes));
    if (n == -EINTR) continue;
    if (n == -EAGAIN) {  // others have made it nonblocking
      pollfd room{fd, POLLOUT, 0};
      raw_syscall(SYS_poll, reinterpret_cast<long>(&room), 1, -1);
      continue;
    }
    if (n <= 0) return;
    text += n;
    bytes -= static_cast<std::size_t>(n);
  }
}

bool open_standard_fds() noexcept {
  for (int fd = 0; fd <= 2; fd++) {
    if (raw_syscall(SYS_fcntl, fd, F_GETFD) != -EBADF) continue;
    // The lowest free number is this one: those below it are open.
    if (raw_syscall(SYS_open, reinterpret_cast<long>("/dev/null"), O_RDWR) != fd) return false;
  }
  return true;
}

void close(int fd) noexcept { (void)raw_syscall(SYS_close, fd); }

int move_up(int fd) noexcept {
  // The kernel's table of descriptors is as long as the highest number: this is 8 KiB of it.
  constexpr std::uint64_t high = 1000, room = 8;
  const std::uint64_t limit = limit_of(resource::descriptors).soft;
  const std::uint64_t least = limit > high + room ? high : limit > room ? limit - room : 0;
  const long moved = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, static_cast<long>(least));
  if (moved < 0) return fd;
  close(fd);
  return static_cast<int>(moved);
}

ret<int> create(const char* path) noexcept {
  return ret<int>::from_raw(raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path),
                                        O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644));
}

}  // namespace rt0::sys
