#include "runtime/io/fd_kind.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>

#include "runtime/base/tables.h"
#include "sys/passthrough.h"

namespace rt0 {
namespace {

constexpr unsigned remembered = 1 << 16;  // numbers beyond are asked for each time

RT0_TABLE constinit std::atomic<fd_kind> kinds[remembered];

fd_kind ask(int fd) noexcept {
  int protocol = 0;
  socklen_t bytes = sizeof protocol;
  if (sys::passthrough(SYS_getsockopt, fd, SOL_SOCKET, SO_PROTOCOL, reinterpret_cast<long>(&protocol),
                       reinterpret_cast<long>(&bytes), 0) == 0) {
    return protocol == IPPROTO_TCP ? fd_kind::tcp : fd_kind::socket;
  }
  struct stat about;
  if (sys::passthrough(SYS_fstat, fd, reinterpret_cast<long>(&about), 0, 0, 0, 0) != 0) return fd_kind::other;
  switch (about.st_mode & S_IFMT) {
    case S_IFREG: return fd_kind::regular;
    case S_IFDIR:
    case S_IFBLK: return fd_kind::other;
  }
  return fd_kind::stream;  // 0 is the type of an eventfd and its like
}

}  // namespace

fd_kind kind_of(int fd) noexcept {
  if (static_cast<unsigned>(fd) >= remembered) return ask(fd);
  fd_kind kind = kinds[fd].load(std::memory_order_relaxed);
  if (kind != fd_kind::unknown) return kind;
  kind = ask(fd);
  if (kind != fd_kind::other) kinds[fd].store(kind, std::memory_order_relaxed);
  return kind;
}

void forget_kinds(unsigned first, unsigned last) noexcept {
  if (last >= remembered) last = remembered - 1;
  for (unsigned fd = first; fd <= last; fd++) {
    // Most of the table was never touched: a write would make pages of it.
    if (kinds[fd].load(std::memory_order_relaxed) != fd_kind::unknown) {
      kinds[fd].store(fd_kind::unknown, std::memory_order_relaxed);
    }
  }
}

}  // namespace rt0
