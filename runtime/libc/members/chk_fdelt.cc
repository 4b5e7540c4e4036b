// FD_SET and FD_ISSET: which word of an fd_set holds a descriptor.
#include "runtime/libc/members/chk.h"

#include <sys/select.h>

RT0_EXPORT long __fdelt_chk(long fd) {
  rt0::libc::check(fd >= 0 && fd < FD_SETSIZE);
  return fd / NFDBITS;
}

// The name where the compiler knows the number to be too large.
RT0_EXPORT long __fdelt_warn(long fd) { return __fdelt_chk(fd); }
