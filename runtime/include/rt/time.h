// <rt/time.h>: sleeping, timers and tickers.
//
//   rt::sleep_for(10ms);                          any duration, until any clock's time
//   rt::sleep_for(10ms, stop_token)               false: a stop was requested before
//   rt::select(rt::recv(c, f), rt::recv(rt::after(1s), [] { ... }));
//   rt::ticker every(1s);  for (auto t : every.c) ...
//   rt::timer later(1s, [&] { ... });             in a goroutine of its own
//   std::stop_source stop = rt::stop_after(1s);   requested then: for all waits that take a stop_token
//
// Durations that are not positive have passed; such as no clock can reach (hours::max()) are the end of time.
// Deadlines are steady_clock's; a sleep until a time of another clock looks at that clock before it returns.
//
// The channels have Go's semantics (1.23): their len() is 0; a value that was not received before stop() or
// reset() never is; one that was due long ago says when it was; a slow receiver loses ticks, and of several
// receivers one gets the tick. Nobody sends: who receives looks at the clock. So a ticker that nobody listens
// to costs nothing, and all is freed with the last handle. close() ends such a channel as any other.
#pragma once
#include <errno.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <utility>

#include "rt/abi/time.h"
#include "rt/chan.h"
#include "rt/deadline.h"
#include "rt/stop.h"
#include "rt/sync.h"

namespace rt {
namespace detail {

using time_chan = chan<std::chrono::steady_clock::time_point>;

// The end of time itself is no time to be due at.
template <class Rep, class Period>
std::int64_t due_after(std::chrono::duration<Rep, Period> d) {
  return std::min(deadline_after(saturated_ns(d)), no_deadline - 1);
}

// std::invalid_argument unless positive.
template <class Rep, class Period>
std::int64_t period_ns(std::chrono::duration<Rep, Period> period) {
  const std::int64_t ns = saturated_ns(period);
  if (ns <= 0) throw std::invalid_argument("rt::ticker: a period must be positive");
  return ns;
}

inline time_chan make_clock(std::int64_t delay_ns, std::int64_t period_ns) {
  using value = time_chan::value_type;
  static_assert(plain_bytes<value> && sizeof(value) == sizeof(std::int64_t));
  time_chan c = chan_access::with_room<value>(rt0_chan_is_clock, sizeof(rt0_clock));
  rt0_clock_set(chan_access::erased(c), delay_ns, period_ns);
  return c;
}

// A timer that starts a goroutine. Owners: the handle, its being pending, and each goroutine that it started.
class timer_block : private rt0_timer {
 public:
  timer_block() noexcept : rt0_timer{&timer_block::run_owned, {}} { rt0_timer_init(this); }
  timer_block(const timer_block&) = delete;
  timer_block& operator=(const timer_block&) = delete;

  bool reset(std::int64_t due_ns) noexcept {
    owners_.fetch_add(1, std::memory_order_relaxed);  // before: it may be due at once
    return disowned_if(rt0_timer_reset(this, due_ns));
  }
  bool stop() noexcept { return disowned_if(rt0_timer_stop(this)); }
  void disown() noexcept {
    // acq_rel: the last one sees what the others did
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  virtual ~timer_block() { rt0_timer_destroy(this); }

 private:
  virtual void call() = 0;

  bool disowned_if(bool was_pending) noexcept {
    if (was_pending) disown();
    return was_pending;
  }
  static void run_owned(rt0_timer* self) {
    struct on_leaving {
      timer_block* block;
      ~on_leaving() { block->disown(); }
    } const leaving{static_cast<timer_block*>(self)};
    leaving.block->call();
  }

  std::atomic<std::uint32_t> owners_{1};
};

class function_timer final : public timer_block {
 public:
  explicit function_timer(std::function<void()> f) : f_(std::move(f)) {}

 private:
  void call() override { f_(); }
  std::function<void()> f_;
};

// Who requests the stop earlier frees it: in the callback's own call, which may destroy the callback.
class stop_timer final : public timer_block {
 public:
  explicit stop_timer(const std::stop_source& source)
      : source_(source), on_stop_(source_.get_token(), stop_it{this}) {}

 private:
  struct stop_it {
    stop_timer* self;
    void operator()() const noexcept { (void)self->stop(); }
  };
  void call() override { source_.request_stop(); }
  std::stop_source source_;
  std::stop_callback<stop_it> on_stop_;
};

inline void sleep_to(std::int64_t deadline_ns) {
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  const timespec when{static_cast<time_t>(deadline_ns / ns_per_s), static_cast<long>(deadline_ns % ns_per_s)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr) == EINTR) {
  }
}

// False: a stop was requested.
inline bool sleep_to(std::int64_t deadline_ns, std::stop_token stop) {
  stop_watch watch(std::move(stop));
  word never;
  while (!watch.requested() && never.wait(0, deadline_ns, rt0_word_sleep, watch)) {
  }
  return !watch.requested();
}

}  // namespace detail

template <class Rep, class Period>
void sleep_for(std::chrono::duration<Rep, Period> d) {
  detail::sleep_to(detail::deadline_after(detail::saturated_ns(d)));
}
template <class Clock, class Duration>
void sleep_until(const std::chrono::time_point<Clock, Duration>& when) {
  do detail::sleep_to(detail::deadline_of(when));
  while (!detail::passed(when));
}
// False: a stop was requested, before or meanwhile.
template <class Rep, class Period>
bool sleep_for(std::chrono::duration<Rep, Period> d, const std::stop_token& stop) {
  return detail::sleep_to(detail::deadline_after(detail::saturated_ns(d)), stop);
}
template <class Clock, class Duration>
bool sleep_until(const std::chrono::time_point<Clock, Duration>& when, const std::stop_token& stop) {
  bool slept = false;
  do slept = detail::sleep_to(detail::deadline_of(when), stop);
  while (slept && !detail::passed(when));
  return slept;
}

// A channel that has one value, the time, after d.
template <class Rep, class Period>
chan<std::chrono::steady_clock::time_point> after(std::chrono::duration<Rep, Period> d) {
  return detail::make_clock(detail::saturated_ns(d), 0);
}

// One moment, which can be moved: either c has a value then, or f is called. stop() and reset() may be called
// by any goroutine; both say whether the moment was still to come: for f, whether it will not be called; for
// c, whether nobody has received, or will receive, the value. The destructor stops, and does not wait for an
// f that runs, which may destroy its own timer. reset() while f runs: f may run twice at once.
//
// An f for whose goroutine there is no memory is a fatal error. In a fork's child no timer is pending.
class timer {
 public:
  template <class Rep, class Period>
  explicit timer(std::chrono::duration<Rep, Period> d) : c(after(d)) {}
  template <class Rep, class Period>
  timer(std::chrono::duration<Rep, Period> d, std::function<void()> f) {
    if (!f) throw std::invalid_argument("rt::timer: no function");
    block_ = new detail::function_timer(std::move(f));
    (void)block_->reset(detail::due_after(d));
  }
  timer(timer&& from) noexcept : c(std::move(from.c)), block_(std::exchange(from.block_, nullptr)) {}
  timer& operator=(timer&& from) noexcept {
    timer old(std::move(*this));
    c = std::move(from.c);
    block_ = std::exchange(from.block_, nullptr);
    return *this;
  }
  ~timer() {
    (void)stop();
    if (block_ != nullptr) block_->disown();
  }

  bool stop() noexcept {
    if (block_ != nullptr) return block_->stop();
    return c && rt0_clock_stop(detail::chan_access::erased(c));
  }
  // Due after d, once, whatever was.
  template <class Rep, class Period>
  bool reset(std::chrono::duration<Rep, Period> d) {
    if (block_ != nullptr) return block_->reset(detail::due_after(d));
    if (!c) detail::throw_nil("rt::timer: moved from");
    return rt0_clock_set(detail::chan_access::erased(c), detail::saturated_ns(d), 0);
  }

  chan<std::chrono::steady_clock::time_point> c;  // nil, if there is a function

 private:
  detail::timer_block* block_ = nullptr;
};

// A channel with a value every period. A copy of c goes on ticking without its ticker until that is stopped
// or destroyed. Throws std::invalid_argument for periods that are not positive.
class ticker {
 public:
  template <class Rep, class Period>
  explicit ticker(std::chrono::duration<Rep, Period> period) : ticker(detail::period_ns(period), 0) {}
  ticker(ticker&&) noexcept = default;
  ticker& operator=(ticker&& from) noexcept {
    stop();
    c = std::move(from.c);
    return *this;
  }
  ~ticker() { stop(); }

  // Does not close c.
  void stop() noexcept {
    if (c) rt0_clock_stop(detail::chan_access::erased(c));
  }
  // The next tick comes a period from now.
  template <class Rep, class Period>
  void reset(std::chrono::duration<Rep, Period> period) {
    const std::int64_t ns = detail::period_ns(period);
    if (!c) detail::throw_nil("rt::ticker: moved from");
    rt0_clock_set(detail::chan_access::erased(c), ns, ns);
  }

  chan<std::chrono::steady_clock::time_point> c;

 private:
  ticker(std::int64_t period_ns, int) : c(detail::make_clock(period_ns, period_ns)) {}
};

// A stop that is requested after d, in a goroutine of its own, or at once if d is not positive. Costs some
// hundred bytes until then, or until somebody requests it earlier.
template <class Rep, class Period>
std::stop_source stop_after(std::chrono::duration<Rep, Period> d) {
  std::stop_source source;
  if (detail::saturated_ns(d) <= 0) {
    source.request_stop();
    return source;
  }
  auto* block = new detail::stop_timer(source);
  (void)block->reset(detail::due_after(d));
  block->disown();
  return source;
}

}  // namespace rt
