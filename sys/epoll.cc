#include "sys/epoll.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>

#include "rt0/arch.h"
#include "sys/clock.h"

namespace rt0::sys {

ret<int> epoll_create() noexcept { return ret<int>::from_raw(raw_syscall(SYS_epoll_create1, EPOLL_CLOEXEC)); }

ret<int> event_fd() noexcept {
  return ret<int>::from_raw(raw_syscall(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK));
}

ret<int> epoll_arm(int epoll, int fd, std::uint32_t events) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  const auto control = [&](int how) {
    return raw_syscall(SYS_epoll_ctl, epoll, how, fd, reinterpret_cast<long>(&event));
  };
  const long changed = control(EPOLL_CTL_MOD);
  return ret<int>::from_raw(changed == -ENOENT ? control(EPOLL_CTL_ADD) : changed);
}

ret<int> epoll_take(int epoll, epoll_event* ready, int most) noexcept {
  return ret<int>::from_raw(
      raw_syscall(SYS_epoll_pwait, epoll, reinterpret_cast<long>(ready), most, 0, 0, 8));
}

void signal_event(int event) noexcept {
  const std::uint64_t one = 1;
  (void)raw_syscall(SYS_write, event, reinterpret_cast<long>(&one), sizeof one);
}

void drain_event(int event) noexcept {
  std::uint64_t count = 0;
  (void)raw_syscall(SYS_read, event, reinterpret_cast<long>(&count), sizeof count);
}

bool wait_for_either(int a, int b, std::int64_t until_ns) noexcept {
  pollfd both[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
  timespec left{};
  if (until_ns >= 0) {
    const std::int64_t now_ns = nanotime();
    const std::int64_t ns = until_ns > now_ns ? until_ns - now_ns : 0;
    left = {ns / 1'000'000'000, ns % 1'000'000'000};
  }
  (void)raw_syscall(SYS_ppoll, reinterpret_cast<long>(both), 2,
                    until_ns >= 0 ? reinterpret_cast<long>(&left) : 0, 0, 8);
  return both[1].revents != 0;
}

}  // namespace rt0::sys
