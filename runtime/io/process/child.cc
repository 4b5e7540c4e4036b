#include "runtime/io/process/child.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>

#include "runtime/io/net/access.h"
#include "runtime/libc/members/blocking_call.h"

namespace rt::detail {

using net::detail::descriptor;
using net::detail::direction;
using net::detail::error_of;
using net::detail::file_kind;
using rt0::libc::blocking_call;

// Until it is reaped its id is its own. ESRCH: it was reaped behind our back, or SIGCHLD is ignored.
void child::begin(pid_t pid, std::error_code& error) noexcept {
  pid_ = pid;
  const long fd = blocking_call(SYS_pidfd_open, pid, 0);
  if (fd == -ESRCH) {
    lost_ = true;
    return;
  }
  if (fd >= 0) pidfd_.reset(new (std::nothrow) descriptor(static_cast<int>(fd), file_kind::stream));
  if (pidfd_) return;
  if (fd >= 0) ::close(static_cast<int>(fd));
  error = error_of(fd < 0 ? fd : -ENOMEM);
  ::kill(pid, SIGKILL);
  while (blocking_call(SYS_wait4, pid, 0, 0, 0) == -EINTR) continue;
}

std::optional<process::status> child::reap(std::error_code& error) noexcept {
  const std::lock_guard hold(mutex_);
  if (status_) return status_;
  siginfo_t info{};
  const long result =
      lost_ ? -ECHILD : blocking_call(SYS_waitid, P_PIDFD, pidfd_->fd(), &info, WEXITED | WNOHANG, 0);
  if (result == -ECHILD) lost_ = true;
  if (result < 0 && result != -EINTR) {
    error = error_of(result);
  } else if (info.si_pid != 0) {
    const bool exited = info.si_code == CLD_EXITED;
    status_ = {exited, exited ? info.si_status : 0, exited ? 0 : info.si_status};
  }
  return status_;
}

process::status child::wait(const std::stop_token& stop, std::error_code& error) noexcept {
  error.clear();
  for (;;) {
    if (const auto status = reap(error); status || error) return status.value_or(process::status{});
    const long came = pidfd_->run(direction::read, {IORING_OP_POLL_ADD, -1, 0, 0, 0, POLLIN}, stop);
    if (came < 0) {
      error = error_of(came);
      return {};
    }
  }
}

bool child::is_reaped() noexcept {
  std::error_code error;
  return reap(error).has_value() || error;
}

void child::kill(int signal, std::error_code& error) noexcept {
  error.clear();
  const long result =
      pidfd_ ? blocking_call(SYS_pidfd_send_signal, pidfd_->fd(), signal, 0, 0) : long{-ESRCH};
  if (result < 0) error = error_of(result);
}

}  // namespace rt::detail
