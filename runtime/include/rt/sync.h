// <rt/sync.h>: locks and the like whose waits park goroutines, in the room of a word or two.
//
// Who should use it: programs that want a mutex of 4 bytes, a wait_group, or a wait that a std::stop_token
// ends. std::mutex and the rest of the standard library park goroutines as well, on the same core.
//
// Interfaces and guarantees are the standard's (std::mutex, std::condition_variable, ...), and the standard's
// lock holders work with them. All can be made constexpr, and destroyed as soon as nobody will use them
// again: a release touches nothing after it; a shared_mutex only when every unlock has returned. Misuse that
// is seen (unlock of an unlocked mutex, a negative wait_group) ends the process with exit status 2.
//
// Locks are handed over after a millisecond of waiting, so that nobody starves (Go's mutex.go); a
// shared_mutex lets no reader in once a writer waits (Go's rwmutex.go).
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <mutex>
#include <shared_mutex>
#include <stop_token>
#include <utility>

#include "rt/abi/sync.h"
#include "rt/deadline.h"
#include "rt/go.h"
#include "rt/stop.h"

namespace rt {
namespace detail {

// A word of memory that goroutines wait for.
class word {
 public:
  constexpr word(std::uint32_t value = 0) noexcept : value_(value) {}
  std::atomic<std::uint32_t>& operator*() noexcept { return value_; }
  std::atomic<std::uint32_t>* operator->() noexcept { return &value_; }
  std::uint32_t* address() noexcept { return reinterpret_cast<std::uint32_t*>(&value_); }

  // False: the deadline passed.
  bool wait(std::uint32_t expected, std::int64_t deadline_ns, rt0_word_kind kind) noexcept {
    return rt0_word_wait(address(), expected, deadline_ns, kind);
  }
  // A requested stop ends it too, as if for nothing.
  bool wait(std::uint32_t expected, std::int64_t deadline_ns, rt0_word_kind kind, stop_watch& stop) noexcept {
    const rt0_wait_hooks hooks = stop.hooks();
    return rt0_word_wait_stoppable(address(), expected, deadline_ns, kind, &hooks);
  }
  void wake(int count) noexcept { rt0_word_wake(&value_, count); }
  void wake_all() noexcept { wake(std::numeric_limits<int>::max()); }

 private:
  std::atomic<std::uint32_t> value_;
};
static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

// A count of permits, with a bit that says that somebody may wait: one step gives permits and learns whether
// to wake, and touches nothing afterwards.
//
// A release takes the bit away and wakes as many as it gives permits. So who has waited owes the others: it
// sets the bit again when it takes a permit or gives up, and wakes the next if permits are left.
class permits {
 public:
  static constexpr std::uint32_t most = 0x7fffffff;

  constexpr explicit permits(std::uint32_t count) noexcept : word_(count) {}

  bool try_acquire() noexcept { return take(0); }

  // False: gives_up() said so, or the deadline passed. wait(word) waits while the word is that.
  template <class GivesUp, class Wait>
  bool acquire(GivesUp gives_up, Wait wait) noexcept {
    if (take(0)) return true;
    std::uint32_t owed = 0;
    for (bool in_time = true;;) {
      if (take(owed)) return true;
      if (!in_time || gives_up()) {
        if (owed != 0 && (word_->fetch_or(waited_for, std::memory_order_acq_rel) & most) != 0) word_.wake(1);
        return false;
      }
      std::uint32_t none = 0;
      if (!word_->compare_exchange_strong(none, waited_for, std::memory_order_acq_rel) &&
          none != waited_for) {
        continue;
      }
      in_time = wait(waited_for);
      owed = waited_for;
    }
  }
  template <class GivesUp>
  bool acquire(std::int64_t deadline_ns, rt0_word_kind kind, GivesUp gives_up) noexcept {
    return acquire(gives_up, [&](std::uint32_t now) { return word_.wait(now, deadline_ns, kind); });
  }
  bool acquire(std::int64_t deadline_ns, rt0_word_kind kind) noexcept {
    return acquire(deadline_ns, kind, [] { return false; });
  }
  // False: a stop was requested first.
  bool acquire(rt0_word_kind kind, stop_watch& stop) noexcept {
    return acquire([&] { return stop.requested(); },
                   [&](std::uint32_t now) { return word_.wait(now, no_deadline, kind, stop); });
  }

  // False: there would be more than max.
  bool release(std::uint32_t n, std::uint32_t max = most) noexcept {
    std::uint32_t now = word_->load(std::memory_order_relaxed);
    do {
      if (n > max - (now & most)) return false;
      // pairs with: take (acquire). The last touch.
    } while (!word_->compare_exchange_weak(now, (now & most) + n, std::memory_order_acq_rel,
                                           std::memory_order_relaxed));
    if ((now & waited_for) != 0) word_.wake(static_cast<int>(n));
    return true;
  }

 private:
  static constexpr std::uint32_t waited_for = most + 1;

  // owed: waited_for, by who has waited.
  bool take(std::uint32_t owed) noexcept {
    std::uint32_t now = word_->load(std::memory_order_relaxed);
    while ((now & most) != 0) {
      if (!word_->compare_exchange_weak(now, (now - 1) | owed, std::memory_order_acq_rel,
                                        std::memory_order_relaxed)) {
        continue;
      }
      if (owed != 0 && (now & most) > 1) word_.wake(1);
      return true;
    }
    return false;
  }

  word word_;
};

}  // namespace detail

class mutex {
 public:
  constexpr mutex() noexcept = default;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

  void lock() {
    if (!try_lock()) (void)rt0_lock_wait(word_.address(), detail::no_deadline);
  }
  bool try_lock() noexcept {
    std::uint32_t free = 0;
    // pairs with: unlock
    return word_->compare_exchange_strong(free, 1, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void unlock() noexcept {
    std::uint32_t held = 1;
    // pairs with: try_lock, and the runtime's. The last touch.
    if (!word_->compare_exchange_strong(held, 0, std::memory_order_release, std::memory_order_relaxed)) {
      rt0_lock_release(word_.address());
    }
  }

 protected:
  detail::word word_;
};

class timed_mutex : public mutex {
 public:
  template <class Rep, class Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& duration) {
    return try_lock_until(detail::after_now(duration));
  }
  template <class Clock, class Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& when) {
    while (!try_lock()) {
      if (detail::passed(when)) return false;
      if (rt0_lock_wait(word_.address(), detail::deadline_of(when))) return true;
    }
    return true;
  }
};

// Readers count themselves; a writer takes max_readers off the count, which closes the door to new ones, and
// waits until those inside are out.
class shared_mutex {
 public:
  constexpr shared_mutex() noexcept = default;
  shared_mutex(const shared_mutex&) = delete;
  shared_mutex& operator=(const shared_mutex&) = delete;

  void lock() {
    writers_.lock();
    const std::int32_t inside = readers_.fetch_sub(max_readers, std::memory_order_acq_rel);
    if (inside != 0 && leaving_.fetch_add(inside, std::memory_order_acq_rel) + inside != 0) {
      (void)writer_.acquire(detail::no_deadline, rt0_word_write);
    }
  }
  bool try_lock() noexcept {
    if (!writers_.try_lock()) return false;
    std::int32_t none = 0;
    if (readers_.compare_exchange_strong(none, -max_readers, std::memory_order_acq_rel,
                                         std::memory_order_relaxed)) {
      return true;
    }
    writers_.unlock();
    return false;
  }
  void unlock() {
    const std::int32_t waiting = readers_.fetch_add(max_readers, std::memory_order_acq_rel) + max_readers;
    if (waiting >= max_readers) rt0_sync_misuse("sync: Unlock of unlocked RWMutex");
    if (waiting != 0) let_in_.release(static_cast<std::uint32_t>(waiting));
    writers_.unlock();
  }

  void lock_shared() {
    if (readers_.fetch_add(1, std::memory_order_acq_rel) + 1 < 0) {
      (void)let_in_.acquire(detail::no_deadline, rt0_word_read);
    }
  }
  bool try_lock_shared() noexcept {
    std::int32_t now = readers_.load(std::memory_order_relaxed);
    while (now >= 0) {
      if (readers_.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel,
                                         std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }
  void unlock_shared() {
    const std::int32_t before = readers_.fetch_sub(1, std::memory_order_acq_rel);
    if (before > 0) return;
    if (before == 0 || before == -max_readers) rt0_sync_misuse("sync: RUnlock of unlocked RWMutex");
    // A writer waits for those inside; the last one out lets it in.
    if (leaving_.fetch_sub(1, std::memory_order_acq_rel) == 1) writer_.release(1);
  }

 private:
  static constexpr std::int32_t max_readers = 1 << 30;
  mutex writers_;
  std::atomic<std::int32_t> readers_{
      0};  // inside, or waiting behind a writer; minus max_readers while there is one
  std::atomic<std::int32_t> leaving_{0};  // that the writer still waits for
  detail::permits let_in_{0}, writer_{0};
};

// Waits with std::unique_lock<rt::mutex>, or any lock that can be released and taken again.
class condition_variable {
 public:
  constexpr condition_variable() noexcept = default;
  condition_variable(const condition_variable&) = delete;
  condition_variable& operator=(const condition_variable&) = delete;

  void notify_one() noexcept { notify(1); }
  void notify_all() noexcept { notify(std::numeric_limits<int>::max()); }

  template <class Lock>
  void wait(Lock& lock) {
    (void)wait_from(turn_->load(std::memory_order_seq_cst), lock, detail::no_deadline);
  }
  template <class Lock, class Predicate>
  void wait(Lock& lock, Predicate done) {
    while (!done()) wait(lock);
  }
  template <class Lock, class Clock, class Duration>
  std::cv_status wait_until(Lock& lock, const std::chrono::time_point<Clock, Duration>& when) {
    (void)wait_from(turn_->load(std::memory_order_seq_cst), lock, detail::deadline_of(when));
    return detail::passed(when) ? std::cv_status::timeout : std::cv_status::no_timeout;
  }
  template <class Lock, class Clock, class Duration, class Predicate>
  bool wait_until(Lock& lock, const std::chrono::time_point<Clock, Duration>& when, Predicate done) {
    while (!done()) {
      if (wait_until(lock, when) == std::cv_status::timeout) return done();
    }
    return true;
  }
  template <class Lock, class Rep, class Period>
  std::cv_status wait_for(Lock& lock, const std::chrono::duration<Rep, Period>& duration) {
    return wait_until(lock, detail::after_now(duration));
  }
  template <class Lock, class Rep, class Period, class Predicate>
  bool wait_for(Lock& lock, const std::chrono::duration<Rep, Period>& duration, Predicate done) {
    return wait_until(lock, detail::after_now(duration), std::move(done));
  }

  // Until done(), or a stop was requested; returns done().
  template <class Lock, class Predicate>
  bool wait(Lock& lock, std::stop_token stop, Predicate done) {
    return wait_stoppable(lock, std::move(stop), detail::no_deadline, done);
  }
  template <class Lock, class Clock, class Duration, class Predicate>
  bool wait_until(Lock& lock, std::stop_token stop, const std::chrono::time_point<Clock, Duration>& when,
                  Predicate done) {
    return wait_stoppable(lock, std::move(stop), detail::deadline_of(when), done);
  }
  template <class Lock, class Rep, class Period, class Predicate>
  bool wait_for(Lock& lock, std::stop_token stop, const std::chrono::duration<Rep, Period>& duration,
                Predicate done) {
    return wait_until(lock, std::move(stop), detail::after_now(duration), std::move(done));
  }

 private:
  void notify(int count) noexcept {
    // Before the wake: who has read the turn, and is about to wait for it, does not.
    turn_->fetch_add(1, std::memory_order_seq_cst);
    turn_.wake(count);
  }

  // From a turn that was read with the lock held. False: the deadline passed.
  template <class Lock, class... Stop>
  bool wait_from(std::uint32_t turn, Lock& lock, std::int64_t deadline_ns, Stop&... stop) {
    struct relock {
      Lock& lock;
      ~relock() noexcept(false) { lock.lock(); }
    };
    lock.unlock();
    const relock again{lock};
    return turn_.wait(turn, deadline_ns, rt0_word_condition, stop...);
  }

  template <class Lock, class Predicate>
  bool wait_stoppable(Lock& lock, std::stop_token stop, std::int64_t deadline_ns, Predicate& done) {
    detail::stop_watch watch(std::move(stop));
    for (;;) {
      const std::uint32_t turn = turn_->load(std::memory_order_seq_cst);
      if (done()) return true;
      if (watch.requested()) return false;
      if (!wait_from(turn, lock, deadline_ns, watch)) return done();
    }
  }

  detail::word turn_;
};

template <std::ptrdiff_t Max = std::numeric_limits<std::int32_t>::max()>
class counting_semaphore {
  static_assert(Max >= 0 && Max <= std::numeric_limits<std::int32_t>::max());

 public:
  static constexpr std::ptrdiff_t max() noexcept { return Max; }
  constexpr explicit counting_semaphore(std::ptrdiff_t count) noexcept
      : permits_(static_cast<std::uint32_t>(count)) {}
  counting_semaphore(const counting_semaphore&) = delete;
  counting_semaphore& operator=(const counting_semaphore&) = delete;

  void release(std::ptrdiff_t n = 1) {
    if (n < 0 || n > Max || !permits_.release(static_cast<std::uint32_t>(n), Max)) {
      rt0_sync_misuse("sync: counting_semaphore::release beyond its maximum");
    }
  }
  void acquire() { (void)permits_.acquire(detail::no_deadline, rt0_word_semaphore); }
  // False: a stop was requested first.
  bool acquire(std::stop_token stop) {
    detail::stop_watch watch(std::move(stop));
    return permits_.acquire(rt0_word_semaphore, watch);
  }
  bool try_acquire() noexcept { return permits_.try_acquire(); }
  template <class Clock, class Duration>
  bool try_acquire_until(const std::chrono::time_point<Clock, Duration>& when) {
    return permits_.acquire(detail::deadline_of(when), rt0_word_semaphore,
                            [&] { return detail::passed(when); });
  }
  template <class Rep, class Period>
  bool try_acquire_for(const std::chrono::duration<Rep, Period>& duration) {
    return try_acquire_until(detail::after_now(duration));
  }

 private:
  detail::permits permits_;
};
using binary_semaphore = counting_semaphore<1>;

// Waits until a number of goroutines are done: Go's sync.WaitGroup. add() before the work starts, or by who
// still counts; below zero is fatal. May be used again when a wait has returned.
class wait_group {
 public:
  constexpr wait_group() noexcept = default;
  wait_group(const wait_group&) = delete;
  wait_group& operator=(const wait_group&) = delete;

  void add(int n) {
    const auto count = static_cast<std::int32_t>(
        count_->fetch_add(static_cast<std::uint32_t>(n), std::memory_order_acq_rel) +
        static_cast<std::uint32_t>(n));
    if (count < 0) rt0_sync_misuse("sync: negative WaitGroup counter");
    if (count == 0 && n < 0) count_.wake_all();  // by the address alone: the group may be gone
  }
  void done() { add(-1); }
  void wait() {
    // acquire, pairs with: add
    while (const std::uint32_t count = count_->load(std::memory_order_acquire)) {
      (void)count_.wait(count, detail::no_deadline, rt0_word_group);
    }
  }
  // False: a stop was requested first.
  bool wait(std::stop_token stop) {
    detail::stop_watch watch(std::move(stop));
    while (const std::uint32_t count = count_->load(std::memory_order_acquire)) {
      if (watch.requested()) return false;
      (void)count_.wait(count, detail::no_deadline, rt0_word_group, watch);
    }
    return true;
  }
  // Runs f in a goroutine that the group waits for.
  template <class F>
  void go(F&& f) {
    struct member {
      std::decay_t<F> f;  // first: if its move throws, the other one still counts
      wait_group* group;
      member(wait_group* g, F&& call) : f(std::forward<F>(call)), group(g) { group->add(1); }
      member(member&& other) : f(std::move(other.f)), group(std::exchange(other.group, nullptr)) {}
      ~member() {
        if (group != nullptr) group->done();
      }
      void operator()() { std::invoke(std::move(f)); }
    };
    rt::go(member(this, std::forward<F>(f)));
  }

 private:
  detail::word count_;
};

// What has been done once.
class once_flag {
 public:
  constexpr once_flag() noexcept = default;
  once_flag(const once_flag&) = delete;
  once_flag& operator=(const once_flag&) = delete;

 private:
  template <class F, class... A>
  friend void call_once(once_flag& flag, F&& f, A&&... a);

  static constexpr std::uint32_t done = 2;
  detail::word state_;
};

// Calls f, once for all calls with the flag; others wait for its end. If it throws, the next one tries.
template <class F, class... A>
void call_once(once_flag& flag, F&& f, A&&... a) {
  // pairs with: rt0_once_end
  if (flag.state_->load(std::memory_order_acquire) == once_flag::done) return;
  if (!rt0_once_begin(flag.state_.address())) return;
  struct attempt {
    once_flag& flag;
    bool succeeded = false;
    ~attempt() { rt0_once_end(flag.state_.address(), succeeded); }
  } one{flag};
  std::invoke(std::forward<F>(f), std::forward<A>(a)...);
  one.succeeded = true;
}

}  // namespace rt
