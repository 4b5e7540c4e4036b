// fcntl: one call of the blocking table, for locks of files wait. musl's knows F_SETLKW for one that does,
// and makes F_OFD_SETLKW by a bare instruction.
#include <stdarg.h>
#include <sys/syscall.h>

// Not by <fcntl.h>, which may call it fcntl64.
#include <linux/fcntl.h>

#include "runtime/libc/members/blocking_call.h"

namespace {

// The kernel answers F_GETOWN with the negative number of a process group, which is no error.
long owner(int fd) noexcept {
  struct {
    int type, id;
  } owner;
  const long result = rt0::libc::blocking_call_errno(SYS_fcntl, fd, F_GETOWN_EX, &owner);
  if (result != 0) return result;
  return owner.type == F_OWNER_PGRP ? -owner.id : owner.id;
}

}  // namespace

// In the place of musl's: the public names are cancellation points (points_file.cc).
extern "C" int rt0_musl_fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  if (command == F_GETOWN) return static_cast<int>(owner(fd));
  return static_cast<int>(rt0::libc::blocking_call_errno(SYS_fcntl, fd, command, argument));
}

extern "C" int rt0_musl_fcntl64(int, int, ...) __attribute__((alias("rt0_musl_fcntl")));
