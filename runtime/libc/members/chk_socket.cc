#include "runtime/libc/members/chk.h"

#include <sys/socket.h>

using rt0::libc::check;

RT0_EXPORT ssize_t __recv_chk(int fd, void* to, std::size_t n, std::size_t room, int flags) {
  check(n <= room);
  return recv(fd, to, n, flags);
}

RT0_EXPORT ssize_t __recvfrom_chk(int fd, void* to, std::size_t n, std::size_t room, int flags,
                                  sockaddr* from, socklen_t* from_bytes) {
  check(n <= room);
  return recvfrom(fd, to, n, flags, from, from_bytes);
}
