// The kernel is asked, without waiting, by the very call that the program made, so every answer is its own;
// while that is "nothing", the goroutine parks until an edge of any of the descriptors (io/readiness.h), and
// asks again.
//
// Handlers end these waits, whatever their flags (signal(7)). They run when the goroutine is out of the
// descriptors' lists: a handler may leave by longjmp.
#include "runtime/libc/poll_call.h"

#include <errno.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "runtime/io/netpoll.h"
#include "runtime/libc/clock.h"
#include "runtime/libc/temporary_mask.h"
#include "runtime/mem/heap.h"
#include "runtime/sched/interrupt.h"
#include "runtime/signal/attend.h"
#include "sys/clock.h"
#include "sys/passthrough.h"

namespace rt0::libc {
namespace {

constexpr std::int64_t ns_per_us = 1'000, ns_per_ms = 1'000'000, ns_per_s = 1'000'000'000;
constexpr std::size_t few = 16;  // so many have their room on the stack

std::int64_t after_ms(long ms) noexcept {
  return static_cast<int>(ms) < 0 ? forever : sys::nanotime() + static_cast<int>(ms) * ns_per_ms;
}

bool is_over(std::int64_t deadline_ns) noexcept {
  return deadline_ns != forever && deadline_ns <= sys::nanotime();
}

// poll and select that do not wait say EINTR instead of 0 when the runtime's own signal is on its way to the
// M.
long not_interrupted(long result) noexcept { return result == -EINTR ? 0 : result; }

// Room for `count` things: on the stack, or from the heap.
template <class T>
class room {
 public:
  explicit room(std::size_t count) noexcept
      : at_(count <= few ? small_ : static_cast<T*>(heap_alloc(count * sizeof(T)))) {}
  ~room() {
    if (at_ != small_) heap_free(at_);
  }
  room(const room&) = delete;
  T* get() noexcept { return at_; }

 private:
  T small_[few];
  T* const at_;
};

// What signals do to a wait for events.
class until_a_handler {
 public:
  bool ends() noexcept {
    attend();
    return since_.ends_call(false) || asked_to_end();
  }

 private:
  interruption since_;
};

// One stay in the descriptors' lists. 0: asked has an answer, or the time is over.
template <class Ask>
long stay(const pollfd* fds, std::size_t count, std::int64_t deadline_ns, Ask ask, long& result) noexcept {
  room<poll_set::node> nodes(count);
  if (nodes.get() == nullptr) return -EPERM;
  poll_set set(fds, count, nodes.get());
  if (!set.valid()) return -EPERM;
  for (;;) {
    const std::uint32_t seen = set.seen();  // before the kernel is asked: later edges end the wait
    result = ask();
    if (result != 0 || is_over(deadline_ns)) return 0;
    const long came = set.wait(seen, deadline_ns);
    if (came < 0 && came != -ETIMEDOUT) return came;
  }
}

// Until ask(), which does not wait, says something. False: it has to be handed off.
template <class Ask>
bool wait_for_any(const pollfd* fds, std::size_t count, std::int64_t deadline_ns, Ask ask,
                  long& result) noexcept {
  until_a_handler since;
  result = ask();
  if (result != 0 || is_over(deadline_ns)) return true;
  if (!netpoll_open()) return false;
  for (;;) {
    const long how = stay(fds, count, deadline_ns, ask, result);
    if (how == 0) return true;
    if (how == -EPERM) return false;
    if (since.ends()) {
      result = -EINTR;
      return true;
    }
  }
}

bool poll_fds(pollfd* fds, std::size_t count, std::int64_t deadline_ns, long& result) noexcept {
  const auto ask = [&] {
    return not_interrupted(
        sys::passthrough(SYS_poll, reinterpret_cast<long>(fds), static_cast<long>(count), 0, 0, 0, 0));
  };
  return wait_for_any(fds, count, deadline_ns, ask, result);
}

// --- select: its three sets are the question and the answer.

constexpr int bits = 8 * sizeof(long);

// select's descriptors as poll's, and its sets as they were asked.
class selection {
 public:
  // Of the first n descriptors.
  selection(int n, const call_args& x) noexcept
      : n_(n),
        words_((static_cast<std::size_t>(n) + bits - 1) / bits),
        sets_{reinterpret_cast<long*>(x.b), reinterpret_cast<long*>(x.c), reinterpret_cast<long*>(x.d)},
        asked_(3 * words_),
        fds_(static_cast<std::size_t>(n)) {
    if (asked_.get() == nullptr || fds_.get() == nullptr) return;
    for (std::size_t s = 0; s < 3; s++) {
      for (std::size_t w = 0; w < words_; w++) asked(s)[w] = sets_[s] != nullptr ? sets_[s][w] : 0;
    }
    for (int fd = 0; fd < n_; fd++) {
      const auto events = static_cast<short>((has(0, fd) ? POLLIN : 0) | (has(1, fd) ? POLLOUT : 0) |
                                             (has(2, fd) ? POLLPRI : 0));
      if (events != 0) fds_.get()[count_++] = {fd, events, 0};
    }
    valid_ = true;
  }
  selection(const selection&) = delete;

  bool valid() const noexcept { return valid_; }
  const pollfd* fds() noexcept { return fds_.get(); }
  std::size_t count() const noexcept { return count_; }

  long ask() noexcept {
    long at[3];
    for (std::size_t s = 0; s < 3; s++) {
      at[s] = reinterpret_cast<long>(sets_[s]);
      for (std::size_t w = 0; w < words_ && sets_[s] != nullptr; w++) sets_[s][w] = asked(s)[w];
    }
    timeval none{};
    const auto time = reinterpret_cast<long>(&none);
    const long result = sys::passthrough(SYS_select, n_, at[0], at[1], at[2], time, 0);
    if (result == -EINTR) {  // then it has not written "none" into them
      for (std::size_t s = 0; s < 3; s++) {
        for (std::size_t w = 0; w < words_ && sets_[s] != nullptr; w++) sets_[s][w] = 0;
      }
    }
    return not_interrupted(result);
  }

  // For who hands the call off.
  void put_back() noexcept {
    for (std::size_t s = 0; s < 3; s++) {
      for (std::size_t w = 0; w < words_ && sets_[s] != nullptr; w++) sets_[s][w] = asked(s)[w];
    }
  }

 private:
  long* asked(std::size_t set) noexcept { return asked_.get() + set * words_; }
  bool has(std::size_t set, int fd) noexcept {
    return (static_cast<unsigned long>(asked(set)[fd / bits]) >> (fd % bits) & 1) != 0;
  }

  const int n_;
  const std::size_t words_;
  long* const sets_[3];
  room<long> asked_;
  room<pollfd> fds_;
  std::size_t count_ = 0;
  bool valid_ = false;
};

bool select_fds(const call_args& x, std::int64_t deadline_ns, long& result) noexcept {
  constexpr int most = 1 << 20;  // beyond it the kernel has nothing either
  const int n = static_cast<int>(x.a);
  if (n < 0 || n > most) return false;
  selection chosen(n, x);
  if (!chosen.valid()) return false;
  const bool made = wait_for_any(
      chosen.fds(), chosen.count(), deadline_ns, [&] { return chosen.ask(); }, result);
  if (!made || result < 0) chosen.put_back();
  return made;
}

// The kernel writes what is left into the program's time.
void write_left(std::int64_t deadline_ns, long* seconds, long* fraction, std::int64_t unit_ns) noexcept {
  const std::int64_t now_ns = sys::nanotime();
  const std::int64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
  *seconds = left_ns / ns_per_s;
  *fraction = left_ns % ns_per_s / unit_ns;
}

bool select_call(const call_args& x, long& result) noexcept {
  auto* time = reinterpret_cast<timeval*>(x.e);
  std::int64_t deadline_ns = forever;
  if (time != nullptr) {
    if (time->tv_sec < 0 || time->tv_usec < 0 || time->tv_usec >= ns_per_s / ns_per_us) return false;
    const timespec duration{time->tv_sec, time->tv_usec * ns_per_us};
    if (!deadline_after(&duration, deadline_ns)) return false;
  }
  const bool made = select_fds(x, deadline_ns, result);
  if (made && time != nullptr && deadline_ns != forever)
    write_left(deadline_ns, &time->tv_sec, &time->tv_usec, ns_per_us);
  return made;
}

// ppoll, pselect6: with a time that is written, and a mask.
bool masked_call(long nr, call_args x, long& result) noexcept {
  auto* time = reinterpret_cast<timespec*>(nr == SYS_ppoll ? x.c : x.e);
  std::int64_t deadline_ns = forever;
  if (time != nullptr && !deadline_after(time, deadline_ns)) return false;
  bool made = false;
  {
    const temporary_mask mask(take_mask(nr, x));
    made = nr == SYS_ppoll
               ? poll_fds(reinterpret_cast<pollfd*>(x.a), static_cast<std::size_t>(x.b), deadline_ns, result)
               : select_fds(x, deadline_ns, result);
  }
  if (made && time != nullptr && deadline_ns != forever)
    write_left(deadline_ns, &time->tv_sec, &time->tv_nsec, 1);
  return made;
}

bool epoll_call(const call_args& x, std::int64_t deadline_ns, long& result) noexcept {
  const auto fd = static_cast<int>(x.a);
  until_a_handler since;
  for (;;) {
    const io_seen seen = netpoll_look(fd);
    result = not_interrupted(sys::passthrough(SYS_epoll_wait, x.a, x.b, x.c, 0, 0, 0));
    if (result != 0 || is_over(deadline_ns)) return true;
    io_waiter waiter;
    const long came = netpoll_wait(fd, io_direction::in, seen, deadline_ns, waiter);
    if (came == -EPERM) return false;
    if (came == -EINTR && since.ends()) {
      result = -EINTR;
      return true;
    }
  }
}

bool epoll_pwait_call(long nr, call_args x, long& result) noexcept {
  std::int64_t deadline_ns = forever;
  if (nr == SYS_epoll_pwait) {
    deadline_ns = after_ms(x.d);
  } else if (x.d != 0 && !deadline_after(reinterpret_cast<const timespec*>(x.d), deadline_ns)) {
    return false;
  }
  const temporary_mask mask(take_mask(nr, x));
  return epoll_call(x, deadline_ns, result);
}

}  // namespace

bool poll_call(long nr, const call_args& x, long& result) noexcept {
  switch (nr) {
    case SYS_poll:
      return poll_fds(reinterpret_cast<pollfd*>(x.a), static_cast<std::size_t>(x.b), after_ms(x.c), result);
    case SYS_select: return select_call(x, result);
    case SYS_ppoll:
    case SYS_pselect6: return masked_call(nr, x, result);
    case SYS_epoll_wait: return epoll_call(x, after_ms(x.d), result);
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2: return epoll_pwait_call(nr, x, result);
  }
  return false;
}

}  // namespace rt0::libc
