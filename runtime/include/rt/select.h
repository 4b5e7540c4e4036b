// <rt/select.h>: waits for the first of several channels.
//
//   rt::select(rt::recv(c, [&](std::optional<int> v) { ... }),
//              rt::send(d, std::move(value), [&] { ... }),       // value is moved only if this is chosen
//              rt::timeout(10ms, [&] { ... }),
//              rt::stopped(token, [&] { ... }));                 // a std::stop_token
//   rt::select(rt::recv(c, f), rt::otherwise([&] { ... }));      // does not wait
//
// Exactly one case is chosen: among those that are ready each with the same chance, else the first to become
// ready. Its handler runs when all is done and unlocked; handlers may be left out; select returns the index
// of the case. A handler's exception is select's; a chosen send on a closed channel throws closed_channel,
// and leaves the value where it was. The nil channel is never chosen. A timeout that is not positive is
// chosen where the others would have to wait. Nothing is allocated.
//
// A number of cases that is known at run time only: select(std::span<rt::select_case>).
#pragma once
#include <algorithm>
#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "rt/abi/chan.h"
#include "rt/chan.h"
#include "rt/deadline.h"
#include "rt/stop.h"

namespace rt {
namespace detail {

// What every case has, and most do not need.
struct case_base {
  void arm(void*, std::uint64_t) noexcept {}
  void disarm() noexcept {}
  static constexpr bool is_stopped = false;
  bool stop_requested() const noexcept { return false; }
};

struct no_handler {
  void operator()() const noexcept {}
};

// A case with what it only refers to: for select_case, which outlives the expression that made it.
template <class C, class Kept>
class keeping : public C {
 public:
  keeping(C&& c, Kept kept) : C(std::move(c)), kept_(std::move(kept)) {}

 private:
  Kept kept_;
};

template <class T, class F>
class recv_case : public case_base {
 public:
  recv_case(const chan<T>& c, F f) : c_(chan_access::erased(c)), f_(std::move(f)) {}
  auto own() && { return keeping<recv_case, chan<T>>(std::move(*this), chan_access::handle<T>(c_)); }

  void prepare(rt0_select_case& raw) noexcept {
    raw.kind = rt0_case_recv;
    raw.chan = c_;
    raw.op = slot_.op(error_);
  }
  void finish(rt0_chan_status status) {
    if (status == rt0_chan_threw) [[unlikely]]
      error_.rethrow();
    std::optional<T> value = slot_.take(status == rt0_chan_ok);
    if constexpr (std::invocable<F&, std::optional<T>>) {
      f_(std::move(value));
    } else {
      f_();
    }
  }

 private:
  rt0_chan* c_;
  F f_;
  chan_slot<T> slot_;
  [[no_unique_address]] chan_error<T> error_;
};

// V is T&&, a reference to the caller's value, or T.
template <class T, class V, class F>
class send_case : public case_base {
 public:
  template <class U>
  send_case(const chan<T>& c, U&& value, F f)
      : c_(chan_access::erased(c)), value_(std::forward<U>(value)), f_(std::move(f)) {}

  auto own() && {
    chan<T> c = chan_access::handle<T>(c_);
    using owning = send_case<T, T, F>;
    owning with_value(c, std::move(value_), std::move(f_));
    return keeping<owning, chan<T>>(std::move(with_value), std::move(c));
  }
  void prepare(rt0_select_case& raw) noexcept {
    raw.kind = rt0_case_send;
    raw.chan = c_;
    raw.op = {std::addressof(value_), nullptr, error_.place()};
  }
  void finish(rt0_chan_status status) {
    if (status == rt0_chan_closed) throw_closed("rt::select: send on closed channel");
    if (status == rt0_chan_threw) [[unlikely]]
      error_.rethrow();
    f_();
  }

 private:
  rt0_chan* c_;
  V value_;
  F f_;
  [[no_unique_address]] chan_error<T> error_;
};

template <class F>
class timeout_case : public case_base {
 public:
  timeout_case own() && { return std::move(*this); }
  timeout_case(std::int64_t ns, F f) : ns_(ns), f_(std::move(f)) {}
  void prepare(rt0_select_case& raw) noexcept {
    raw.kind = rt0_case_timeout;
    raw.timeout_ns = ns_;
  }
  void finish(rt0_chan_status) { f_(); }

 private:
  std::int64_t ns_;
  F f_;
};

template <class F>
class otherwise_case : public case_base {
 public:
  otherwise_case own() && { return std::move(*this); }
  explicit otherwise_case(F f) : f_(std::move(f)) {}
  void prepare(rt0_select_case& raw) noexcept { raw.kind = rt0_case_otherwise; }
  void finish(rt0_chan_status) { f_(); }

 private:
  F f_;
};

template <class F>
class stopped_case : public case_base {
 public:
  stopped_case own() && { return std::move(*this); }
  stopped_case(std::stop_token token, F f) : stop_(std::move(token)), f_(std::move(f)) {}
  stopped_case(stopped_case&& from) : stop_(from.stop_.token()), f_(std::move(from.f_)) {}

  void prepare(rt0_select_case& raw) noexcept {
    raw.kind = rt0_case_stopped;
    raw.stop_requested = stop_.requested();
  }
  void arm(void* goroutine, std::uint64_t wait) noexcept { stop_.arm(goroutine, wait); }
  void disarm() noexcept { stop_.disarm(); }
  static constexpr bool is_stopped = true;
  bool stop_requested() const noexcept { return stop_.requested(); }
  void finish(rt0_chan_status) { f_(); }

 private:
  stop_watch stop_;
  F f_;
};

template <class C>
concept a_case = std::derived_from<std::remove_cvref_t<C>, case_base>;

}  // namespace detail

template <class T, class F = detail::no_handler>
auto recv(const chan<T>& c, F f = {}) {
  static_assert(std::invocable<F&, std::optional<T>> || std::invocable<F&>);
  return detail::recv_case<T, F>(c, std::move(f));
}

template <class T, class F = detail::no_handler>
auto recv(chan<T>&& c, F f = {}) {  // such as rt::after(1s): the case keeps it
  auto refers = recv(c, std::move(f));
  return detail::keeping<detail::recv_case<T, F>, chan<T>>(std::move(refers), std::move(c));
}

// A value of type T that is no plain bytes is referred to until the select is over.
template <class T, class V, std::invocable F = detail::no_handler>
requires std::constructible_from<T, V&&>
auto send(const chan<T>& c, V&& value, F f = {}) {
  constexpr bool refer = std::is_same_v<V, T> && !detail::plain_bytes<T>;
  return detail::send_case<T, std::conditional_t<refer, T&&, T>, F>(c, std::forward<V>(value), std::move(f));
}

template <class Rep, class Period, std::invocable F = detail::no_handler>
auto timeout(std::chrono::duration<Rep, Period> after, F f = {}) {
  return detail::timeout_case<F>(detail::saturated_ns(after), std::move(f));
}

template <std::invocable F = detail::no_handler>
auto stopped(std::stop_token token, F f = {}) {
  return detail::stopped_case<F>(std::move(token), std::move(f));
}

template <std::invocable F = detail::no_handler>
auto otherwise(F f = {}) {
  return detail::otherwise_case<F>(std::move(f));
}

// A case of any type, for a number of them that is known at run time. It owns its value and its handle of
// the channel. A send case that was chosen has given its value away.
class select_case {
 public:
  template <detail::a_case C>
  select_case(C&& c)  // implicit: a list of cases reads like select's arguments
      : box_(std::make_unique<boxed<decltype(std::declval<std::remove_cvref_t<C>>().own())>>(
            std::remove_cvref_t<C>(std::forward<C>(c)).own())) {}

 private:
  friend std::size_t select(std::span<select_case> cases);

  struct any_case {
    virtual ~any_case() = default;
    virtual void prepare(rt0_select_case& raw) = 0;
    virtual void arm(void* goroutine, std::uint64_t wait) = 0;
    virtual void disarm() = 0;
    virtual bool stop_requested() const = 0;
    virtual void finish(rt0_chan_status status) = 0;
  };
  template <class C>
  struct boxed final : any_case {
    explicit boxed(C&& c) : of(std::move(c)) {}
    void prepare(rt0_select_case& raw) override { of.prepare(raw); }
    void arm(void* goroutine, std::uint64_t wait) override { of.arm(goroutine, wait); }
    void disarm() override { of.disarm(); }
    bool stop_requested() const override { return of.stop_requested(); }
    void finish(rt0_chan_status status) override { of.finish(status); }
    C of;
  };

  rt0_select_case raw_;
  std::unique_ptr<any_case> box_;
};

// Waits for one of the cases, runs its handler, returns its index.
template <detail::a_case... Cases>
std::size_t select(Cases&&... cases) {
  constexpr std::size_t n = sizeof...(Cases);
  constexpr bool may_stop = (false || ... || std::remove_cvref_t<Cases>::is_stopped);
  rt0_select_case raw[n != 0 ? n : 1];
  std::tuple<Cases&...> all(cases...);
  rt0_select s{raw, n, sizeof(rt0_select_case), {nullptr, nullptr, &all}};
  if constexpr (may_stop) {
    s.hooks.arm = [](void* self, void* goroutine, std::uint64_t wait) noexcept {
      std::apply([&](auto&... each) { (each.arm(goroutine, wait), ...); },
                 *static_cast<decltype(all)*>(self));
    };
    s.hooks.disarm = [](void* self) noexcept {
      std::apply([](auto&... each) { (each.disarm(), ...); }, *static_cast<decltype(all)*>(self));
    };
  }
  std::size_t i = 0;
  (cases.prepare(raw[i++]), ...);
  rt0_selected chosen = rt0_select_wait(&s);
  if constexpr (may_stop) {
    i = 0;
    if (chosen.any_stop) (void)((chosen.index = i++, cases.stop_requested()) || ...);
  }
  i = 0;
  (void)((i++ == chosen.index && (cases.finish(chosen.status), true)) || ...);
  return chosen.index;
}

inline std::size_t select(std::span<select_case> cases) {
  const rt0_select s{cases.empty() ? nullptr : &cases[0].raw_,
                     cases.size(),
                     sizeof(select_case),
                     {[](void* self, void* goroutine, std::uint64_t wait) noexcept {
                        for (select_case& one : *static_cast<std::span<select_case>*>(self))
                          one.box_->arm(goroutine, wait);
                      },
                      [](void* self) noexcept {
                        for (select_case& one : *static_cast<std::span<select_case>*>(self))
                          one.box_->disarm();
                      },
                      &cases}};
  for (select_case& one : cases) one.box_->prepare(one.raw_);
  rt0_selected chosen = rt0_select_wait(&s);
  if (chosen.any_stop) {
    const auto at =
        std::ranges::find_if(cases, [](const select_case& one) { return one.box_->stop_requested(); });
    chosen.index = static_cast<std::size_t>(at - cases.begin());
  }
  if (!cases.empty()) cases[chosen.index].box_->finish(chosen.status);
  return chosen.index;
}

}  // namespace rt
