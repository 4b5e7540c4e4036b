// <rt/go.h>: goroutines.
//
//   rt::go([&] { serve(c); });        a goroutine: 64 KiB of stack, of which it costs what it touches
//   rt::go(serve, std::move(c));      arguments as for std::thread
//
// Who should use it: programs that want a task without a handle. Who wants to join or needs RLIMIT_STACK of
// stack takes std::thread, which is a goroutine as well.
//
// Callable and arguments are copied or moved once, in the caller, to the top of the new goroutine's own
// stack: no heap. An exception of theirs there is the caller's, and leaves nothing behind. One that leaves
// the goroutine ends the process by std::terminate, at the throw: nothing here catches it or is noexcept.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

#include "rt/abi/go.h"

namespace rt {

struct go_options {
  std::size_t stack_bytes = 0;  // 0: RT0_STACK, else 64 KiB
  const char* name = nullptr;   // shown in reports; 15 characters of it
};

namespace detail {

// The callable and its arguments, as they lie on the goroutine's stack.
template <class... T>
struct go_call {
  std::tuple<T...> parts;

  // The goroutine's life. The parts die with it also when a forced unwind ends it.
  static void run(void* place) {
    struct on_leaving {
      go_call* call;
      ~on_leaving() { std::destroy_at(call); }
    } const leaving{static_cast<go_call*>(place)};
    std::apply([](T&... part) { (void)std::invoke(std::move(part)...); }, leaving.call->parts);
  }
};

// A goroutine that is not started yet: given back unless it is.
class go_reservation {
 public:
  // In the caller's own code: a report names who created a goroutine by the place of this call.
  [[gnu::always_inline]] explicit go_reservation(const rt0_go_request& request) {
    if (const int error = rt0_go_reserve(&request, &place_)) rt0_go_throw(error);
  }
  go_reservation(const go_reservation&) = delete;
  go_reservation& operator=(const go_reservation&) = delete;
  ~go_reservation() {
    if (place_.goroutine != nullptr) rt0_go_discard(place_.goroutine);
  }
  void* callable() const noexcept { return place_.callable; }
  // The goroutine, for its handle if it has one.
  void* start() noexcept {
    void* goroutine = std::exchange(place_.goroutine, nullptr);
    rt0_go_start(goroutine);
    return goroutine;
  }

 private:
  rt0_go_place place_;
};

// There is nothing to call.
template <class F, class... A>
constexpr bool is_nil(const F& f, const A&...) noexcept {
  if constexpr (std::is_pointer_v<F> || std::is_member_pointer_v<F>) return f == nullptr;
  return false;
}

template <class... T>
[[gnu::always_inline]] inline void go(const go_options& options, T&&... parts) {
  using call = go_call<std::decay_t<T>...>;
  auto* const run = is_nil(parts...) ? nullptr : call::run;
  go_reservation reserved({run, sizeof(call), alignof(call), options.stack_bytes, options.name, false});
  ::new (reserved.callable()) call{std::tuple<std::decay_t<T>...>(std::forward<T>(parts)...)};
  reserved.start();
}

}  // namespace detail

// Starts a goroutine that runs f(a...). Throws std::system_error (ENOMEM, EAGAIN) if there is no stack for
// it, std::length_error if f and a exceed a quarter of the stack, and what copying or moving them throws.
template <class F, class... A>
requires std::invocable<std::decay_t<F>, std::decay_t<A>...>
[[gnu::always_inline]] inline void go(F&& f, A&&... a) {
  detail::go(go_options{}, std::forward<F>(f), std::forward<A>(a)...);
}

template <class F>
requires std::invocable<std::decay_t<F>>
[[gnu::always_inline]] inline void go(const go_options& options, F&& f) {
  detail::go(options, std::forward<F>(f));
}

// Ends the running goroutine: its destructors run, innermost first; a catch (...) on the way must rethrow, or
// the process is aborted. Of main: the other goroutines go on, and the end of them all is a fatal error, "no
// goroutines (main called Goexit) - deadlock!".
[[noreturn]] inline void goexit() { rt0_go_exit(); }

// Binds the running goroutine to its kernel thread, where it alone runs: for code that depends on the
// thread. Nests; the end of the goroutine undoes it.
inline void lock_os_thread() { rt0_lock_os_thread(); }
inline void unlock_os_thread() { rt0_unlock_os_thread(); }
class os_thread_lock {
 public:
  os_thread_lock() { lock_os_thread(); }
  ~os_thread_lock() { unlock_os_thread(); }
  os_thread_lock(const os_thread_lock&) = delete;
  os_thread_lock& operator=(const os_thread_lock&) = delete;
};

// Runs f, which blocks its kernel thread (a library that waits in its own way, a long computation), while
// other goroutines go on: one more of them can run at once. f may do everything; what parks in it, or starts
// a goroutine, waits its turn with the others first. It costs some microseconds.
template <std::invocable F>
std::invoke_result_t<F> blocking(F&& f) {
  struct away {
    const bool gave = rt0_blocking_begin();
    ~away() {
      if (gave) rt0_blocking_end();
    }
  } const scope;
  return std::invoke(std::forward<F>(f));
}

// Lets the other runnable goroutines go first.
inline void yield() noexcept { rt0_yield(); }

// The running goroutine's number, never used twice; main is 1.
inline std::uint64_t goid() noexcept { return rt0_goid(); }

// The program's goroutines alive, std::threads and main among them. While others come and go, about right.
inline std::size_t num_goroutine() noexcept { return rt0_num_goroutine(); }

// The number of goroutines that can run at once; n > 0 sets it. Returns the previous value.
inline int gomaxprocs(int n = 0) { return rt0_gomaxprocs(n); }

// CPUs that the process could use when it started.
inline int num_cpu() noexcept { return rt0_num_cpu(); }

}  // namespace rt

#include "rt/task.h"  // IWYU pragma: export
