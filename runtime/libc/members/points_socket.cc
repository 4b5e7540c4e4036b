// Cancellation points: sockets.
#include <sys/socket.h>

#include "runtime/libc/members/cancellation_point.h"

POINT(int, accept, (int fd, sockaddr* from, socklen_t* bytes), (fd, from, bytes))
POINT(int, accept4, (int fd, sockaddr* from, socklen_t* bytes, int flags), (fd, from, bytes, flags))
POINT(int, connect, (int fd, const sockaddr* to, socklen_t bytes), (fd, to, bytes))
POINT(ssize_t, recv, (int fd, void* to, size_t bytes, int flags), (fd, to, bytes, flags))
POINT(ssize_t, recvfrom, (int fd, void* to, size_t bytes, int flags, sockaddr* from, socklen_t* length),
      (fd, to, bytes, flags, from, length))
POINT(ssize_t, recvmsg, (int fd, msghdr* to, int flags), (fd, to, flags))
POINT(int, recvmmsg, (int fd, mmsghdr* to, unsigned count, int flags, timespec* time),
      (fd, to, count, flags, time))
POINT(ssize_t, send, (int fd, const void* from, size_t bytes, int flags), (fd, from, bytes, flags))
POINT(ssize_t, sendto,
      (int fd, const void* from, size_t bytes, int flags, const sockaddr* to, socklen_t length),
      (fd, from, bytes, flags, to, length))
POINT(ssize_t, sendmsg, (int fd, const msghdr* from, int flags), (fd, from, flags))
POINT(int, sendmmsg, (int fd, mmsghdr* from, unsigned count, int flags), (fd, from, count, flags))
