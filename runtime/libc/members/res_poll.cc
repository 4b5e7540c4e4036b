// What the resolver's query calls for poll (third_party/musl/renamed.txt): it closes its sockets by a bare
// instruction, of which the runtime does not know, so that nothing about them may be remembered.
#include <errno.h>
#include <poll.h>

#include "runtime/libc/members/core_abi.h"

extern "C" int rt0_musl_poll(pollfd* fds, nfds_t count, int ms);

extern "C" int rt0_res_poll(pollfd* fds, nfds_t count, int ms) {
  const int ready = rt0_musl_poll(fds, count, ms);
  const int error = errno;
  for (nfds_t i = 0; i < count; i++) rt0_io_forget(fds[i].fd);
  errno = error;
  return ready;
}
