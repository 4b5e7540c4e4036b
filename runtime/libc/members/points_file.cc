// Cancellation points: files.
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/libc/members/cancellation_point.h"

POINT(ssize_t, read, (int fd, void* to, size_t bytes), (fd, to, bytes))
POINT(ssize_t, write, (int fd, const void* from, size_t bytes), (fd, from, bytes))
POINT(ssize_t, readv, (int fd, const iovec* to, int count), (fd, to, count))
POINT(ssize_t, writev, (int fd, const iovec* from, int count), (fd, from, count))
POINT(ssize_t, pread, (int fd, void* to, size_t bytes, off_t at), (fd, to, bytes, at))
POINT(ssize_t, pread64, (int fd, void* to, size_t bytes, off_t at), (fd, to, bytes, at))
POINT(ssize_t, pwrite, (int fd, const void* from, size_t bytes, off_t at), (fd, from, bytes, at))
POINT(ssize_t, pwrite64, (int fd, const void* from, size_t bytes, off_t at), (fd, from, bytes, at))
POINT(ssize_t, preadv, (int fd, const iovec* to, int count, off_t at), (fd, to, count, at))
POINT(ssize_t, preadv64, (int fd, const iovec* to, int count, off_t at), (fd, to, count, at))
POINT(ssize_t, pwritev, (int fd, const iovec* from, int count, off_t at), (fd, from, count, at))
POINT(ssize_t, pwritev64, (int fd, const iovec* from, int count, off_t at), (fd, from, count, at))
POINT(int, close, (int fd), (fd))
POINT(int, fsync, (int fd), (fd))
POINT(int, fdatasync, (int fd), (fd))
POINT(int, msync, (void* at, size_t bytes, int flags), (at, bytes, flags))
POINT(int, tcdrain, (int fd), (fd))
POINT(int, creat, (const char* path, mode_t mode), (path, mode))
POINT(int, creat64, (const char* path, mode_t mode), (path, mode))
POINT(int, lockf, (int fd, int command, off_t bytes), (fd, command, bytes))
POINT(int, lockf64, (int fd, int command, off_t bytes), (fd, command, bytes))

// Those with an argument that may be missing: it is read all the same, as musl does, and not used then.
#define POINT_MORE(name, more, parameters, last, arguments)                                 \
  extern "C" int rt0_musl_##name parameters;                                                \
  RT0_EXPORT int name parameters {                                                          \
    va_list rest;                                                                           \
    va_start(rest, last);                                                                   \
    const auto extra = va_arg(rest, more);                                                  \
    va_end(rest);                                                                           \
    return rt0::libc::cancellable([&] { return rt0_musl_##name arguments; },                \
                                  [](int result) { return result < 0 && errno == EINTR; }); \
  }

POINT_MORE(open, unsigned, (const char* path, int flags, ...), flags, (path, flags, extra))
POINT_MORE(open64, unsigned, (const char* path, int flags, ...), flags, (path, flags, extra))
POINT_MORE(openat, unsigned, (int folder, const char* path, int flags, ...), flags,
           (folder, path, flags, extra))
POINT_MORE(openat64, unsigned, (int folder, const char* path, int flags, ...), flags,
           (folder, path, flags, extra))
POINT_MORE(fcntl, unsigned long, (int fd, int command, ...), command, (fd, command, extra))
POINT_MORE(fcntl64, unsigned long, (int fd, int command, ...), command, (fd, command, extra))
