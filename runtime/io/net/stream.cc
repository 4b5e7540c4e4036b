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

// 0, or why there is nothing to wait for any more.
long wait_until_ready(descriptor& d, direction which, const std::stop_token& stop) noexcept {
  const std::uint32_t events = which == direction::read ? POLLIN : POLLOUT;
  const long came = d.run(which, {IORING_OP_POLL_ADD, -1, 0, 0, 0, events}, stop);
  // We are in: closed by another meanwhile.
  return came == -EBADF ? -ECANCELED : came < 0 ? came : 0;
}

// One transfer: `attempt` does not block; `as_it_is` follows poll's word.
template <class Attempt, class Plain>
long transfer(descriptor& d, direction which, const std::stop_token& stop, Attempt attempt,
              Plain as_it_is) noexcept {
  for (;;) {
    if (const long refused = d.refusal(which, stop)) return refused;
    const long result = attempt();
    if (result != -EAGAIN && result != -EOPNOTSUPP && result != -EINTR) return result;
    if (result == -EINTR) continue;
    if (const long failed = wait_until_ready(d, which, stop)) return failed;
    if (result == -EAGAIN) continue;
    const long plain = as_it_is();
    if (plain != -EINTR && plain != -EAGAIN) return plain;
  }
}

}  // namespace

long stream_read(descriptor& d, std::span<std::byte> to, const std::stop_token& stop) noexcept {
  const descriptor::hold use(&d);
  if (!use) return -EBADF;
  const std::size_t bytes = std::min(to.size(), most_bytes);
  const rt0::ring_op op{IORING_OP_READ,
                        use.fd(),
                        static_cast<std::uint64_t>(here),
                        reinterpret_cast<std::uint64_t>(to.data()),
                        static_cast<std::uint32_t>(bytes),
                        0};
  return transfer(
      d, direction::read, stop,
      [&] {
        rt0::io_seen seen;
        return rt0_io_try(&op, &seen);
      },
      [&] { return blocking_call(SYS_read, use.fd(), to.data(), bytes); });
}

long stream_write(descriptor& d, std::span<const std::byte> from, const std::stop_token& stop,
                  std::size_t& done) noexcept {
  const descriptor::hold use(&d);
  if (!use) return -EBADF;
  quiet signals;
  for (done = 0; done < from.size();) {
    iovec piece{const_cast<std::byte*>(from.data() + done), std::min(from.size() - done, most_bytes)};
    // As much as poll says there is room for.
    const std::size_t least = std::min(piece.iov_len, std::size_t{PIPE_BUF});
    const long n = transfer(
        d, direction::write, stop,
        [&] { return blocking_call(SYS_pwritev2, use.fd(), &piece, 1, here, 0, RWF_NOWAIT); },
        [&] { return blocking_call(SYS_write, use.fd(), piece.iov_base, least); });
    signals.wrote(n);
    if (n < 0) return n;
    done += static_cast<std::size_t>(n);
  }
  return 0;
}

}  // namespace rt::net::detail
