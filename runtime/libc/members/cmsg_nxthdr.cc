// CMSG_NXTHDR of glibc's <sys/socket.h>, where the compiler does not inline it: the control message after
// this one, or nullptr if the buffer has no room for another whole header or for its contents.
#define __NO_INLINE__ 1  // else the header holds a body of it
#include <sys/socket.h>

#include <cstddef>

#include "runtime/base/export.h"

RT0_EXPORT cmsghdr* __cmsg_nxthdr(msghdr* message, cmsghdr* at) noexcept {
  if (at->cmsg_len < sizeof(cmsghdr)) return nullptr;
  auto* end = static_cast<char*>(message->msg_control) + message->msg_controllen;
  const auto left = static_cast<std::size_t>(end - reinterpret_cast<char*>(at));
  if (left < sizeof(cmsghdr) || CMSG_ALIGN(at->cmsg_len) > left - sizeof(cmsghdr)) return nullptr;
  auto* next = reinterpret_cast<cmsghdr*>(reinterpret_cast<char*>(at) + CMSG_ALIGN(at->cmsg_len));
  return CMSG_ALIGN(next->cmsg_len) <= left - CMSG_ALIGN(at->cmsg_len) ? next : nullptr;
}
