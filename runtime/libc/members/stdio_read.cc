// How stdio fills its buffer: musl's __stdio_read, but the call parks the goroutine.
#include <sys/syscall.h>
#include <sys/uio.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"
#include "runtime/libc/musl_abi.h"

// Reads up to bytes for the caller and, by the same call, ahead into the FILE's buffer. Returns how many
// are at `to`. With a buffer, the caller's last byte is read through it: so at least one byte of read-ahead
// is asked for.
RT0_EXPORT std::size_t __stdio_read(rt0::libc::musl_file* f, unsigned char* to, std::size_t bytes) {
  const std::size_t direct = bytes - (f->buf_bytes != 0 ? 1 : 0);
  const iovec parts[2] = {{to, direct}, {f->buf, f->buf_bytes}};
  const int skip = direct == 0 ? 1 : 0;  // some descriptors take an empty part for the end
  const long n = rt0::libc::blocking_call_errno(SYS_readv, f->fd, parts + skip, 2 - skip);
  if (n <= 0) {
    f->flags |= n == 0 ? rt0::libc::file_eof : rt0::libc::file_error;
    return 0;
  }
  const auto got = static_cast<std::size_t>(n);
  if (got <= direct) return got;
  f->rpos = f->buf;
  f->rend = f->buf + (got - direct);
  if (f->buf_bytes != 0) to[bytes - 1] = *f->rpos++;
  return bytes;
}
