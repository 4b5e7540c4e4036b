#include "sys/epoll.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>

#include <atomic>

#include "rt0/arch.h"
#include "sys/clock.h"
#include "sys/fault.h"

namespace rt0::sys {
namespace {

// epoll_pwait2, of nanoseconds, is Linux 5.11's; until the kernel, or a filter, refuses it.
constinit std::atomic<bool> has_pwait2{true};

ret<int> control(int epoll, int how, int fd, std::uint32_t events, std::uint64_t mark) noexcept {
  if (fault(fault_kind::memory)) return ret<int>::from_raw(-ENOMEM);
  epoll_event event{};
  event.events = events;
  event.data.u64 = mark;
  return ret<int>::from_raw(raw_syscall(SYS_epoll_ctl, epoll, how, fd, reinterpret_cast<long>(&event)));
}

long take_now(int epoll, epoll_event* reports, int most) noexcept {
  return raw_syscall(SYS_epoll_pwait, epoll, reinterpret_cast<long>(reports), most, 0, 0, 8);
}

}  // namespace

ret<int> epoll_create() noexcept { return ret<int>::from_raw(raw_syscall(SYS_epoll_create1, EPOLL_CLOEXEC)); }

ret<int> event_fd() noexcept {
  return ret<int>::from_raw(raw_syscall(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK));
}

ret<int> epoll_add(int epoll, int fd, std::uint32_t events, std::uint64_t mark) noexcept {
  return control(epoll, EPOLL_CTL_ADD, fd, events, mark);
}

ret<int> epoll_change(int epoll, int fd, std::uint32_t events, std::uint64_t mark) noexcept {
  return control(epoll, EPOLL_CTL_MOD, fd, events, mark);
}

void epoll_remove(int epoll, int fd) noexcept {
  (void)raw_syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, fd, 0);
}

int epoll_take(int epoll, epoll_event* reports, int most, std::int64_t until_ns) noexcept {
  if (fault(fault_kind::interruption)) return 0;
  timespec left{};
  if (until_ns > 0) {
    const std::int64_t now_ns = nanotime();
    const std::int64_t ns = until_ns > now_ns ? until_ns - now_ns : 0;
    left = {ns / 1'000'000'000, ns % 1'000'000'000};
  }
  const long time = until_ns == no_limit ? 0 : reinterpret_cast<long>(&left);
  long n = -ENOSYS;
  if (until_ns == at_once) {
    n = take_now(epoll, reports, most);
  } else if (has_pwait2.load(std::memory_order_relaxed)) {
    n = raw_syscall(SYS_epoll_pwait2, epoll, reinterpret_cast<long>(reports), most, time, 0, 8);
    if (n == -ENOSYS || n == -EPERM) has_pwait2.store(false, std::memory_order_relaxed);
  }
  if (n == -ENOSYS || n == -EPERM) {
    pollfd one{epoll, POLLIN, 0};
    (void)raw_syscall(SYS_ppoll, reinterpret_cast<long>(&one), 1, time, 0, 8);
    n = take_now(epoll, reports, most);
  }
  return n > 0 ? static_cast<int>(n) : 0;
}

void signal_event(int event) noexcept {
  const std::uint64_t one = 1;
  (void)raw_syscall(SYS_write, event, reinterpret_cast<long>(&one), sizeof one);
}

}  // namespace rt0::sys
