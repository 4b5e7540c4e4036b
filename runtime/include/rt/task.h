// rt::spawn and rt::task<R>, a part of <rt/go.h>: a goroutine with a handle.
//
//   rt::task<int> t = rt::spawn([] { return work(); });
//   int n = t.get();                  waits; rethrows what the goroutine threw
//
// Callable and result lie at the top of the goroutine's stack, which stays until the handle is done with it:
// no heap. Of the two who may touch the result last, the later one destroys it:
//
//   running  -> finished     the goroutine: the result is the handle's
//   running  -> abandoned    the handle: the goroutine will destroy its result itself
#pragma once
#include <cxxabi.h>
#include <errno.h>

#include <atomic>
#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "rt/abi/go.h"

namespace rt {
namespace detail {

enum class task_state : int { running, finished, abandoned };

// The part of a spawned goroutine that its handle knows.
template <class R>
struct task_result {
  struct nothing {};
  using stored =
      std::conditional_t<std::is_void_v<R>, nothing,
                         std::conditional_t<std::is_reference_v<R>, std::remove_reference_t<R>*, R>>;

  // Neither value nor error: the goroutine called goexit.
  std::optional<stored> value;
  std::exception_ptr error;
  std::atomic<task_state> state{task_state::running};

  // Each of the two once: this side will not touch the result any more, unless it is the goroutine's
  // `finished` that is answered.
  void leave(task_state mine) noexcept {
    // acq_rel: the later one sees what the other did
    if (state.exchange(mine, std::memory_order_acq_rel) != task_state::running) std::destroy_at(this);
  }

  R take() {
    if (error) std::rethrow_exception(error);
    if (!value) throw std::runtime_error("rt::task: its goroutine ended without a result");
    if constexpr (std::is_reference_v<R>) {
      return static_cast<R>(**value);
    } else if constexpr (!std::is_void_v<R>) {
      return *std::move(value);
    }
  }
};

template <class F, class R>
struct spawned : task_result<R> {
  union {
    F f;
  };
  template <class G>
  explicit spawned(G&& g) : f(std::forward<G>(g)) {}
  ~spawned() {}  // of f: run, or who could not start it

  static void run(void* place) {
    struct on_leaving {
      spawned* self;
      ~on_leaving() {
        std::destroy_at(&self->f);
        self->leave(task_state::finished);
      }
    } const leaving{static_cast<spawned*>(place)};
    try {
      leaving.self->call();
    } catch (const abi::__forced_unwind&) {
      throw;
    } catch (...) {
      leaving.self->error = std::current_exception();
    }
  }

 private:
  void call() {
    if constexpr (std::is_void_v<R>) {
      std::invoke(std::move(f));
      this->value.emplace();
    } else if constexpr (std::is_reference_v<R>) {
      auto&& result = std::invoke(std::move(f));
      this->value = std::addressof(result);
    } else {
      this->value.emplace(std::invoke(std::move(f)));
    }
  }
};

}  // namespace detail

// The handle of a spawned goroutine, which it detaches when it is destroyed or assigned to.
template <class R>
class task {
 public:
  task() noexcept = default;
  task(task&& from) noexcept
      : result_(std::exchange(from.result_, nullptr)),
        goroutine_(std::exchange(from.goroutine_, nullptr)),
        joined_(std::exchange(from.joined_, false)) {}
  task& operator=(task&& from) noexcept {
    task old(std::move(*this));
    result_ = std::exchange(from.result_, nullptr);
    goroutine_ = std::exchange(from.goroutine_, nullptr);
    joined_ = std::exchange(from.joined_, false);
    return *this;
  }
  ~task() { release(); }

  // There is a goroutine that nobody has waited for.
  bool joinable() const noexcept { return goroutine_ != nullptr && !joined_; }

  // Waits for the goroutine's end, whatever it is. Throws std::system_error as std::thread's: EINVAL, if not
  // joinable; EDEADLK, in the goroutine itself.
  void join() {
    if (!joinable()) rt0_go_throw(EINVAL);
    if (const int error = rt0_go_wait(goroutine_)) rt0_go_throw(error);
    joined_ = true;
  }

  // Waits, unless join did, and moves the result out, once. Rethrows what the goroutine threw;
  // std::runtime_error if it called goexit.
  R get() {
    if (goroutine_ == nullptr) rt0_go_throw(EINVAL);
    if (!joined_) join();
    const task dies_with_result(std::move(*this));
    return dies_with_result.result_->take();
  }

  // The goroutine goes on by itself; what it returns or throws is dropped.
  void detach() {
    if (!joinable()) rt0_go_throw(EINVAL);
    release();
  }

 private:
  template <class F>
  friend task<std::invoke_result_t<std::decay_t<F>>> spawn(F&& f);

  void release() noexcept {
    if (goroutine_ == nullptr) return;
    result_->leave(detail::task_state::abandoned);
    rt0_go_detach(std::exchange(goroutine_, nullptr));
  }

  detail::task_result<R>* result_ = nullptr;  // on the goroutine's stack
  void* goroutine_ = nullptr;
  bool joined_ = false;
};

// Starts a goroutine that runs f, and returns its handle. Throws as rt::go.
template <class F>
task<std::invoke_result_t<std::decay_t<F>>> spawn(F&& f) {
  using R = std::invoke_result_t<std::decay_t<F>>;
  using goroutine = detail::spawned<std::decay_t<F>, R>;
  detail::go_reservation reserved({goroutine::run, sizeof(goroutine), alignof(goroutine), 0, nullptr, true});
  task<R> handle;
  handle.result_ = ::new (reserved.callable()) goroutine(std::forward<F>(f));
  handle.goroutine_ = reserved.start();
  return handle;
}

}  // namespace rt
