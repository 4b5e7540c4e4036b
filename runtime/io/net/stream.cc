#include "runtime/io/net/stream.h"

#include <errno.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>

#include "runtime/libc/members/blocking_call.h"
#include "runtime/libc/members/core_abi.h"

namespace rt::net::detail {
namespace {

using rt0::libc::blocking_call;

constexpr std::size_t most_bytes = 0x7ffff000;  // the kernel's own limit
constexpr long here = -1;                       // at the file's own position

// While one lives, this goroutine's SIGPIPE waits; the writes' own are taken away at its end.
class quiet {
 public:
  quiet() noexcept {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    had_one_ = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  quiet(const quiet&) = delete;
  ~quiet() {
    const timespec now{};
    if (raised_ && !had_one_) sigtimedwait(&pipe_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  void wrote(long result) noexcept { raised_ |= result == -EPIPE; }

 private:
  sigset_t pipe_, before_;
  bool had_one_ = false, raised_ = false;
};

// The result of a call inside of which another closed the descriptor.
long told(const descriptor& d, long result) noexcept {
  return result == -EBADF && d.fd() < 0 ? -ECANCELED : result;
}

// 0, or why there is nothing to wait for any more.
long wait_until_ready(descriptor& d, direction which, const std::stop_token& stop) noexcept {
  const std::uint32_t events = which == direction::read ? POLLIN : POLLOUT;
  const long came = told(d, d.run(which, {IORING_OP_POLL_ADD, -1, 0, 0, 0, events}, stop));
  return came < 0 ? came : 0;
}

// One transfer of what cannot be tried, when poll says so.
template <class Plain>
long as_it_is(descriptor& d, direction which, const std::stop_token& stop, Plain call) noexcept {
  for (;;) {
    if (const long failed = wait_until_ready(d, which, stop)) return failed;
    const long result = call();
    if (result != -EINTR && result != -EAGAIN) return result;
  }
}

}  // namespace

long stream_read(descriptor& d, std::span<std::byte> to, const std::stop_token& stop) noexcept {
  const descriptor::hold use(&d);
  if (!use) return -EBADF;
  const std::size_t bytes = std::min(to.size(), most_bytes);
  const long n = d.run(direction::read,
                       {IORING_OP_READ, -1, static_cast<std::uint64_t>(here),
                        reinterpret_cast<std::uint64_t>(to.data()), static_cast<std::uint32_t>(bytes), 0},
                       stop);
  if (n != -EAGAIN && n != -EOPNOTSUPP) return told(d, n);
  return as_it_is(d, direction::read, stop,
                  [&] { return blocking_call(SYS_read, use.fd(), to.data(), bytes); });
}

long stream_write(descriptor& d, std::span<const std::byte> from, const std::stop_token& stop,
                  std::size_t& done) noexcept {
  const descriptor::hold use(&d);
  if (!use) return -EBADF;
  quiet signals;
  for (done = 0; done < from.size();) {
    if (const long refused = d.refusal(direction::write, stop)) return refused;
    iovec piece{const_cast<std::byte*>(from.data() + done), std::min(from.size() - done, most_bytes)};
    long n = blocking_call(SYS_pwritev2, use.fd(), &piece, 1, here, 0, RWF_NOWAIT);
    if (n == -EAGAIN) n = wait_until_ready(d, direction::write, stop);
    if (n == -EOPNOTSUPP) {
      // As much as poll says there is room for.
      const std::size_t least = std::min(piece.iov_len, std::size_t{PIPE_BUF});
      n = as_it_is(d, direction::write, stop,
                   [&] { return blocking_call(SYS_write, use.fd(), piece.iov_base, least); });
    }
    signals.wrote(n);
    if (n < 0 && n != -EINTR) return n;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return 0;
}

}  // namespace rt::net::detail
