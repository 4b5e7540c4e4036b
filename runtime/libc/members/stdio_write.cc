// How stdio empties its buffer: musl's __stdio_write, but the call parks the goroutine.
#include <sys/syscall.h>
#include <sys/uio.h>

#include "runtime/base/export.h"
#include "runtime/libc/members/blocking_call.h"
#include "runtime/libc/musl_abi.h"

// Writes what the FILE's buffer holds, then bytes from `from`. Returns how many of the latter were written.
RT0_EXPORT std::size_t __stdio_write(rt0::libc::musl_file* f, const unsigned char* from, std::size_t bytes) {
  iovec parts[2] = {{f->wbase, static_cast<std::size_t>(f->wpos - f->wbase)},
                    {const_cast<unsigned char*>(from), bytes}};
  std::size_t left = parts[0].iov_len + bytes;
  for (int part = 0;;) {
    const long n = rt0::libc::blocking_call_errno(SYS_writev, f->fd, parts + part, 2 - part);
    if (n < 0) {
      f->wpos = f->wbase = f->wend = nullptr;
      f->flags |= rt0::libc::file_error;
      return part == 0 ? 0 : bytes - parts[1].iov_len;
    }
    auto done = static_cast<std::size_t>(n);
    left -= done;
    if (left == 0) break;
    if (part == 0 && done > parts[0].iov_len) {
      done -= parts[0].iov_len;
      part = 1;
    }
    parts[part].iov_base = static_cast<char*>(parts[part].iov_base) + done;
    parts[part].iov_len -= done;
  }
  f->wend = f->buf + f->buf_bytes;
  f->wpos = f->wbase = f->buf;
  return bytes;
}
