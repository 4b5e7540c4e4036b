#include "runtime/libc/members/chk.h"

#include <poll.h>
#include <signal.h>

using rt0::libc::check;

RT0_EXPORT int __poll_chk(pollfd* fds, nfds_t count, int timeout_ms, std::size_t room) {
  check(room / sizeof(pollfd) >= count);
  return poll(fds, count, timeout_ms);
}

RT0_EXPORT int __ppoll_chk(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask,
                           std::size_t room) {
  check(room / sizeof(pollfd) >= count);
  return ppoll(fds, count, timeout, mask);
}
