// The blocking table: calls on descriptors that move data, wait for disks, for locks of files or for a
// device.
#include <stdarg.h>

#include "runtime/libc/members/calls.h"

struct iovec;

RT0_CALL(int, fallocate, (int fd, int mode, off_t at, off_t bytes), SYS_fallocate, fd, mode, at, bytes);
RT0_CALL(int, flock, (int fd, int operation), SYS_flock, fd, operation);
RT0_CALL(int, ftruncate, (int fd, off_t bytes), SYS_ftruncate, fd, bytes);
RT0_CALL(int, syncfs, (int fd), SYS_syncfs, fd);
RT0_CALL(int, sync_file_range, (int fd, off_t at, off_t bytes, unsigned flags), SYS_sync_file_range, fd, at,
         bytes, flags);
RT0_CALL(ssize_t, copy_file_range,
         (int from, off_t* from_at, int to, off_t* to_at, size_t bytes, unsigned flags), SYS_copy_file_range,
         from, from_at, to, to_at, bytes, flags);
RT0_CALL(ssize_t, getdents64, (int fd, void* to, size_t room), SYS_getdents64, fd, to, room);
RT0_CALL(ssize_t, readahead, (int fd, off_t at, size_t bytes), SYS_readahead, fd, at, bytes);
RT0_CALL(ssize_t, sendfile, (int to, int from, off_t* at, size_t bytes), SYS_sendfile, to, from, at, bytes);
RT0_CALL(ssize_t, splice, (int from, off_t* from_at, int to, off_t* to_at, size_t bytes, unsigned flags),
         SYS_splice, from, from_at, to, to_at, bytes, flags);
RT0_CALL(ssize_t, tee, (int from, int to, size_t bytes, unsigned flags), SYS_tee, from, to, bytes, flags);
RT0_CALL(ssize_t, vmsplice, (int fd, const iovec* parts, size_t count, unsigned flags), SYS_vmsplice, fd,
         parts, count, flags);

RT0_CALL64(fallocate);
RT0_CALL64(ftruncate);
RT0_CALL64(sendfile);

RT0_EXPORT_WEAK void sync() { rt0::libc::blocking_call(SYS_sync); }

// These two return the error.
RT0_EXPORT_WEAK int posix_fallocate(int fd, off_t at, off_t bytes) {
  return static_cast<int>(-rt0::libc::blocking_call(SYS_fallocate, fd, 0, at, bytes));
}
RT0_EXPORT_WEAK int posix_fadvise(int fd, off_t at, off_t bytes, int advice) {
  return static_cast<int>(-rt0::libc::blocking_call(SYS_fadvise64, fd, at, bytes, advice));
}
RT0_CALL64(posix_fallocate);
RT0_CALL64(posix_fadvise);

RT0_EXPORT_WEAK int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  const long argument = va_arg(list, long);
  va_end(list);
  return static_cast<int>(rt0::libc::blocking_call_errno(SYS_ioctl, fd, request, argument));
}
